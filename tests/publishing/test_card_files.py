"""What stands beside a dataset's card: example pictures, Croissant metadata; the indicators on the card."""

import io
import re
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from tests.publishing import made
from vlit_hub.curation.columns import Work, compute
from vlit_hub.curation.indicator import chosen
from vlit_hub.curation.summary import summarise
from vlit_hub.publishing.cards import shards_card
from vlit_hub.publishing.examples import COLOURS, SIDE
from vlit_hub.publishing.export import OWNED, export
from vlit_hub.schema import Blob, Media, Region
from vlit_hub.shards import ShardWriter, Store


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    content = made.write(folder / "shards")
    report = export(folder / "shards", folder / "out", dialect="float", repo_id="local/pets")
    return report, content, folder


def test_mlcroissant_validates_and_reads_what_was_exported(exported):
    mlc = pytest.importorskip("mlcroissant")
    report, content, folder = exported
    dataset = mlc.Dataset(folder / "out" / "croissant.json", mapping={"repo": folder / "out"})
    assert not dataset.metadata.ctx.issues.errors
    names = [record.id for record in dataset.metadata.record_sets]
    tables = [config for config in report.configs if config.form != "webdataset"]
    assert names == [f"{config.name}-{split.split}" for config in tables for split in config.splits]
    records = list(dataset.records("default-train"))
    train = content["default", "train"]
    assert [record["default-train/id"].decode() for record in records] == [sample.id for sample in train]
    assert [len(record["default-train/images"]) for record in records] == [len(sample.images) for sample in train]
    found = np.asarray(records[1]["default-train/images"][0].convert("RGB"))
    assert (found == np.asarray(Image.open(io.BytesIO(train[1].images[0].bytes)).convert("RGB"))).all()
    [first, *_] = dataset.records("chat-float-train")
    assert b'"role": "user"' in first["chat-float-train/messages"][0]


def scene(size, **region):
    """A grey picture with one region."""
    file = io.BytesIO()
    Image.new("RGB", size, (128, 128, 128)).save(file, "PNG")
    media = [Media(type="image", index=0, ref="x.png", width=size[0], height=size[1])]
    return made.sample(1, images=[Blob(bytes=file.getvalue())], media=media, regions=[Region(**region)], group="scene")


@pytest.mark.parametrize(
    ("region", "inside"),
    [
        ({"box": [0.25, 0.5, 0.75, 1.0]}, (0.25, 0.75)),
        ({"box": [100.0, 100.0, 300.0, 200.0], "frame": "pixel"}, (0.25, 0.75)),
        ({"kind": "polygon", "points": [[0.25, 0.5, 0.75, 0.5, 0.5, 0.9]]}, (0.5, 0.5)),
        ({"kind": "point", "points": [[0.5, 0.5]]}, (0.5, 0.5)),
    ],
)
def test_examples_show_the_regions(tmp_path, region, inside):
    with ShardWriter(tmp_path / "s", made.NAME, "default", "train") as writer:
        for sample in (made.sample(0, 1), scene((400, 200), **region)):
            writer.write(msgspec.structs.replace(sample, dataset=made.NAME, subset="default", split="train"))
    export(tmp_path / "s", tmp_path / "out", forms=())
    drawn = Image.open(tmp_path / "out" / "examples.jpg").convert("RGB")  # two tiles, that with regions first
    assert drawn.size == (800, 200)
    colour = np.array([int(COLOURS[0][i : i + 2], 16) for i in (1, 3, 5)])
    pixels = np.asarray(drawn).astype(int)
    x, y = int(inside[0] * 400), int(inside[1] * 200)
    near = np.abs(pixels[max(0, y - 8) : y + 8, max(0, x - 8) : x + 8] - colour).sum(-1).min()
    assert near < 90
    assert np.abs(pixels[20:40, 20:40] - 128).max() < 40  # nothing is drawn elsewhere
    card = (tmp_path / "out" / "README.md").read_text()
    assert "](examples.jpg)" in card and "\n1. `id:1`, 1 region drawn." in card and "\n2. `id:0`. " in card


def test_examples_are_small_and_never_of_media_that_stay_behind(exported, tmp_path):
    assert OWNED.fullmatch("examples.jpg") and OWNED.fullmatch("croissant.json")
    assert max(Image.open(exported[2] / "out" / "examples.jpg").size) <= 2 * SIDE
    card = (exported[2] / "out" / "README.md").read_text()
    assert re.findall(r"^(\d)\. `", card, re.MULTILINE) == ["1", "2", "3", "4"]
    made.write(tmp_path / "shards", "shikra-rd")
    export(tmp_path / "shards", tmp_path / "out", media="references")
    assert not (tmp_path / "out" / "examples.jpg").exists()
    assert "## Examples" not in (tmp_path / "out" / "README.md").read_text()


def test_indicators_are_on_the_card_where_they_were_measured(tmp_path):
    made.write(tmp_path / "shards")
    assert "## Quality indicators" not in shards_card(tmp_path / "shards")
    store = Store(tmp_path / "shards")
    work = Work(store, tuple(one.name for one in chosen()))
    figures = [figure for figure in summarise(compute(work), work.indicators) if figure.spoken]
    for card in (shards_card(tmp_path / "shards"), exported_card(tmp_path)):
        section = card.partition("## Quality indicators")[2].partition("\n## ")[0]
        lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
        assert len(lines) == len(figures) > 5
        for figure, line in zip(figures, lines, strict=True):
            assert f"| {figure.principle} | {figure.column}: " in line and f"| {figure.spoken:,} |" in line
            assert (f"{figure.mean.value:.4g}" if figure.mean else figure.top) in line
        assert re.search(r"Command: `vlit quality (SHARDS|shards) --json`", section)


def exported_card(folder: Path) -> str:
    export(folder / "shards", folder / "out", forms=())
    return (folder / "out" / "README.md").read_text()
