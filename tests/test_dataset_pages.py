"""Every dataset's page, and `vlit info`, tell all of it; the columns of a page are those that its samples fill."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests import rows
from vlit_hub import registry
from vlit_hub.cli import app
from vlit_hub.release import Release
from vlit_hub.schema import Sample, strip_media

REPO = Path(__file__).parents[1]
MEDIA = ("images", "videos", "audios", "point_clouds")


def page(name: str) -> str:
    return (REPO / "docs" / "datasets" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", registry.names())
def test_a_page_is_complete(name: str) -> None:
    spec, text = registry.get(name), page(name)
    head = text.partition("## Files")[0]
    facts = dict(line.strip("| ").split(" | ", 1) for line in head.splitlines() if line[:2] == "| ")
    assert facts["licence as stated"] == spec.licence_stated.replace("|", "\\|")
    assert all(term in facts["terms"] for term in spec.terms)
    assert facts["released"] == spec.released
    assert spec.released == "yes" or spec.substitute.replace("|", "\\|") in text and spec.substitute
    assert (spec.size or "not stated") in facts["size"] and spec.size_source in facts["size"]
    assert spec.kind != "survey" or all(word in facts["taxonomy"] for word in spec.taxonomy.scope)
    assert spec.obtain in text and all(f"`{rule.root}`" in text for rule in spec.media)
    for entry in spec.files:
        assert f"\n| {entry.subset} | {entry.split} | `" in text
        assert all(f"`{pattern}`" in text for choice in entry.alternatives for pattern in choice)
    assert f"`vlit download {name}" in text or not (spec.hub_id or spec.download)
    assert f'load_dataset("vlit/{name}", data_dir=RAW' in text


def test_every_size_of_the_survey_says_whose_it_is() -> None:
    vague = ("not stated", "unknown", "(paper)")
    specs = [spec for spec in map(registry.get, registry.names()) if spec.kind == "survey"]
    assert [spec.name for spec in specs if not spec.size] == []
    told = [spec for spec in specs if not any(word in spec.size for word in vague)]
    assert [spec.name for spec in told if not spec.size_source] == []


@pytest.mark.parametrize("name", ["grand", "lamm", "gqa", "lvlm-nlf", "gpt4tools", "nextgpt-mosit", "pmc-vqa"])
def test_the_columns_told_are_those_that_are_filled(tmp_path: Path, name: str) -> None:
    module = importlib.import_module(f"tests.rows.{name.replace('-', '_')}")
    raw = rows.write(tmp_path, module.FILES)
    empty, filled = Sample(), {"language"}
    for subset, splits in module.EXPECTED.items():
        samples = [
            s for split in splits for o in Release(registry.get(name), raw, subset).read(split) for s in o.samples
        ]
        for sample in samples:
            filled |= {column for column in MEDIA if getattr(sample, column)}
            bare = strip_media(sample)
            filled |= {f for f in Sample.__struct_fields__ if getattr(bare, f) not in ("none", getattr(empty, f))}
    table = page(name).partition("## Columns")[2].partition("## Use")[0]
    told = {line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")} - {"column"}
    assert told == filled - {"id", "group", "dataset", "subset", "split"}


@pytest.mark.parametrize("name", ["coco-arc", "ciem"])
def test_info_tells_every_fact_of_the_script(name: str) -> None:
    spec = registry.get(name)
    told = json.loads(CliRunner().invoke(app(), ["info", name, "--json"]).stdout)
    same = ("title", "paper", "arxiv", "year", "homepage", "hub_id", "licence_stated", "survey_category", "generator",
            "size", "size_source", "substitute", "released", "kind", "obtain")  # fmt: skip
    assert {key: told[key] for key in same} == {key: getattr(spec, key) for key in same}
    lists = ("terms", "languages", "modalities", "picture_sources", "subsets", "download")
    assert {key: told[key] for key in lists} == {key: list(getattr(spec, key)) for key in lists}
    assert [(f["subset"], f["split"]) for f in told["files"]] == [(f.subset, f.split) for f in spec.files]
    assert told["media_roots"] == sorted({rule.root for rule in spec.media})
    assert told["scope"] == list(spec.taxonomy.scope)
