"""``vlit quality --html``: one page that stands alone, whose charts and galleries hold what the columns say."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import typer
from PIL import Image

from tests.curation.made import sample, write
from tests.curation.pictures import encoded
from tests.curation.test_claims import KNOWN
from vlit_hub.cli import quality_
from vlit_hub.curation import charts
from vlit_hub.curation.annotations import Table, hash64
from vlit_hub.curation.columns import Work, compute
from vlit_hub.curation.indicator import chosen
from vlit_hub.curation.page import fault_counts, page
from vlit_hub.curation.summary import summarise
from vlit_hub.schema import Blob, Media
from vlit_hub.shards import Store

PICTURE = encoded(Image.new("RGB", (40, 30), "navy"))


def pictured(question, answer):
    media = [Media("image", 0, "a.png", 40, 30)]
    return sample(question, answer, images=[Blob(PICTURE)], media=media)


def test_the_page_shows_the_worst_first(tmp_path):
    samples = [
        pictured("Describe the picture.", "Two dogs & a cat <b>and the"),
        pictured("Is there a dog?", "Yes."),
        pictured("How many dogs are there?", "Five."),
    ]
    store = Store(write(tmp_path, samples))
    work = Work(store, tuple(made.name for made in chosen()), Table(by_content={hash64(PICTURE): KNOWN}))
    table = compute(work)
    assert fault_counts(work, table).argmax() == 0 and fault_counts(work, table)[1] == 0
    text = page(work, table, summarise(table, work.indicators))
    assert not re.search(r'(?:src|href)="(?!data:)', text) and "<script" not in text
    assert "Two dogs &amp; a cat &lt;b&gt;and the" in text and "<b>and" not in text
    worst, best = text.split(">Worst<")[1].split(">Best<")
    assert worst.index("cat: no cat annotated") < worst.index("5 x dog: 2 annotated (2 dog)")
    assert "Is there a dog?" in best and "Is there a dog?" not in worst
    assert best.count("<rect") == 1 and 'width="96.0" height="72.0"' in best


def test_charts_are_well_formed_and_add_up():
    tree = ElementTree.fromstring(charts.names(["a"] * 3 + ["<b>"]))
    assert [node.text for node in tree.iter() if node.tag == "text"] == ["a", "3", "<b>", "1"]
    assert "0 .. 8.33" in charts.histogram(np.arange(100.0)) or "0 .. 8.25" in charts.histogram(np.arange(100.0))
    rings = ElementTree.fromstring(charts.sunburst({("count", "dog"): 3, ("count", "cat"): 1, ("why", ""): 4}))
    assert [title.text for title in rings.iter("title")] == ["count 4", "dog 3", "cat 1", "why 4"]
    assert charts.sunburst({}) == ""
    assert ElementTree.fromstring(charts.sunburst({("a", "b"): 1})) is not None


def test_the_verb(tmp_path, capsys):
    shards = write(tmp_path / "s", [pictured("Is there a dog?", "Yes.")])
    with pytest.raises(typer.Exit) as left:
        quality_.command([shards], html=tmp_path / "q.html", as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert left.value.exit_code == 0 and found["diversity"][0]["samples"] == 1
    assert (tmp_path / "q.html").read_text().startswith("<!doctype html>")
    with pytest.raises(typer.Exit) as left:
        quality_.command([shards], engine="spark")
    assert left.value.exit_code == 1
