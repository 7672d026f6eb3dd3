"""Recipes: each step takes what it should and says so; the selection is a mixture that trains on what was kept."""

import json
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
import typer
import yaml

from tests.curation.made import sample, write
from tests.curation.pictures import encoded
from vlit_hub.cli import contamination_, curate_
from vlit_hub.curation import contamination, selection
from vlit_hub.curation.curate import Curation, cap_shares
from vlit_hub.curation.hashes import near_pictures, picture_hash, signature
from vlit_hub.curation.recipe import RecipeError, load, parse
from vlit_hub.curation.spread import in_turns
from vlit_hub.demo.scenes import render, scenes
from vlit_hub.schema import Blob, Media
from vlit_hub.shards import ShardError, Store
from vlit_hub.shards.index import Index
from vlit_hub.shards.mixture import load_mixture

SCENES = [render(item) for item in scenes("train", 8)]
LONG = "Which of the things that you can see here lies nearest to the lower border of it?"


def pictured(number, question, answer, dataset="tests", data=None, **more):
    data = data or encoded(SCENES[number])
    media = [Media("image", 0, f"{number}.png", 72, 72)]
    return sample(question, answer, dataset=dataset, images=[Blob(data)], media=media, **more)


@pytest.fixture
def folder(tmp_path):
    copy = encoded(SCENES[0], "jpeg", 0.75, quality=70)
    first = [
        pictured(0, "What is it?", "A red thing lies there.", group="a"),
        pictured(0, "And where?", "It lies at the top.", group="a"),
        pictured(1, "Is it so?", "Yes", group="b"),
        pictured(2, "Is it so?", "Yes", group="c"),
        pictured(3, "Is it so?", "No", group="d"),
        pictured(4, "What now?", "The ball and the", group="e"),
    ]
    second = [
        pictured(0, "Again?", "Other words about it.", "other", copy, group="x"),
        pictured(5, LONG, "All of them at once.", "other", group="y"),
    ]
    write(tmp_path / "first", first)
    write(tmp_path / "second", second)
    return tmp_path


def curated(folder, *steps, **top):
    recipe = folder / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({"shards": ["first", "second"], "steps": list(steps)} | top))
    made = Curation(load(recipe))
    return made, made.run()


def gone(made):
    return [(drop.row, drop.rule, drop.value, drop.of) for drop in made.drops]


def test_thresholds(folder):
    made, report = curated(folder, {"keep": "cut_off==0"}, {"keep": "turns<=2"}, {"keep": "polarity in [open, yes]"})
    assert gone(made) == [(5, "cut_off==0", "1.0", -1), (4, "polarity in [open, yes]", "no", -1)]
    assert [counts["tests"] for _, counts in report.counts] == [6, 5, 5, 4] and report.kept == 6


def test_thresholds_on_columns_of_the_index(tmp_path):
    sizes = [[], [(72, 72)], [(72, 72), (40, 30)], [(None, None)], [(640, 480)]]
    made = []
    for number, each in enumerate(sizes):
        media = [Media("image", at, f"{number}-{at}.png", w, h) for at, (w, h) in enumerate(each)]
        images = [Blob(encoded(SCENES[at])) for at in range(len(each))]
        made.append(sample("What is it?", "A thing.", images=images, media=media, group=str(number)))
    write(tmp_path / "first", made[:3])
    write(tmp_path / "second", made[3:])
    found, report = curated(tmp_path, {"keep": "width>=72"}, {"keep": "pixels < 100000"})
    expected = [(2, "width>=72", "40"), (3, "width>=72", "size unknown"), (4, "pixels<100000", "307200")]
    assert gone(found) == [(*drop, -1) for drop in expected] and report.kept == 2
    assert curated(tmp_path, {"keep": "split==train"}, {"keep": "height in [480]"})[1].kept == 2
    assert "quality" not in vars(found)  # nothing was computed for it
    with pytest.raises(RecipeError, match="step 1: width is of pictures, not of samples: only `keep` takes it"):
        curated(tmp_path, {"balance": {"column": "width", "most": 0.5}})
    with pytest.raises(RecipeError, match="no column 'depth'; there are: turns, chars, .* width, .* task, .* cut_off"):
        curated(tmp_path, {"keep": "depth>3"})


def test_near_pictures_of_other_groups_go(folder):
    made, report = curated(folder, {"duplicates": {"pictures": 8}})
    assert gone(made) == [(6, "picture within 8 bits", "copy", 0)]
    assert report.overlap == {"other | tests": 1} and report.unreadable == 0


def test_same_texts(folder):
    made, _ = curated(folder, {"duplicates": {"texts": 0.9}})
    assert gone(made) == [(3, "text alike by 0.9", "copy", 2)]
    assert gone(curated(folder, {"duplicates": {"exact": True}})[0]) == []
    assert gone(curated(folder, {"duplicates": {"texts": 0.9, "across": True}})[0]) == []


def test_exact_copies(tmp_path):
    twice = [pictured(0, "Q", "A", group="a"), pictured(0, "q!", "a", group="b"), pictured(1, "Q", "A", group="c")]
    write(tmp_path / "first", twice)
    made, _ = curated(tmp_path, {"duplicates": {"exact": True}}, shards=["first"])
    assert gone(made) == [(1, "same words and pictures", "copy", 0)]


def test_contamination(folder):
    copy = encoded(SCENES[3], "jpeg", 2, quality=80)
    leaked = [pictured(3, "Short?", "A", "bench", copy), pictured(7, f"Say: {LONG}", "A", "bench")]
    write(folder / "bench", leaked)
    with pytest.raises(typer.Exit):
        contamination_.command("build", [folder / "bench"], folder / "pack.parquet")
    made, _ = curated(folder, {"contamination": {"packs": "pack.parquet"}})
    assert [(row, rule) for row, rule, *_ in gone(made)] == [(4, "picture in bench"), (7, "question in bench")]
    with pytest.raises(ShardError, match="is no pack"):
        contamination.Pack.load(folder / "recipe.yaml")


def test_balance_draws_what_goes(folder):
    made, report = curated(folder, {"balance": {"column": "polarity", "most": 0.5}}, seed=3)
    assert {drop.value for drop in made.drops} == {"open"} and report.kept == 6
    assert [drop.row for drop in made.drops] == [drop.row for drop in curated(folder, *[
        {"balance": {"column": "polarity", "most": 0.5}}], seed=3)[0].drops]  # fmt: skip
    with pytest.raises(RecipeError, match="step 1: rounds is a number"):
        curated(folder, {"balance": {"column": "rounds", "most": 0.5}})


@pytest.mark.parametrize("most", [0.2, 0.35, 0.5, 1])
def test_caps_hold_and_are_the_largest(most):
    counts = Counter(a=50, b=17, c=5)
    caps = cap_shares(counts, most)
    total = sum(caps.values())
    assert all(caps[name] <= counts[name] for name in counts)
    assert max(caps.values()) <= max(most, 1 / 3) * total + 1e-9
    if most == 0.5:
        assert caps == {"a": 22, "b": 17, "c": 5}


def test_selection_in_turns(folder):
    made, report = curated(folder, {"select": {"budget": 4, "columns": ["polarity"]}})
    polarity = made.quality["polarity"].to_pylist()
    assert report.kept == 4 and {polarity[row] for row in np.flatnonzero(made.mask)} == {"open", "yes", "no"}
    kinds = ["a"] * 50 + ["b"] * 3 + ["c"] * 9
    taken = Counter(kinds[place] for place in in_turns(kinds, 20, np.random.default_rng(0)))
    assert taken == {"a": 9, "b": 3, "c": 8} or taken == {"a": 8, "b": 3, "c": 9}


def test_files_are_a_mixture_and_a_trace(folder):
    steps = [{"keep": "cut_off==0"}, {"duplicates": {"pictures": 8}}]
    (folder / "recipe.yaml").write_text(yaml.safe_dump({"shards": ["first", "second"], "steps": steps}))
    with pytest.raises(typer.Exit) as left:
        curate_.command(folder / "recipe.yaml", folder / "out", folder / "new", as_json=True)
    assert left.value.exit_code == 0
    report = json.loads((folder / "out/report.json").read_text())
    assert report["kept"] == 6 and report["counts"][-1][1] == {"tests": 5, "other": 1}
    trace = pq.read_table(folder / "out/trace.parquet").to_pylist()
    assert [(row["row"], row["step"], row["of"]) for row in trace] == [(5, 1, -1), (6, 2, 0)]
    for name, same in (("curated", [0, 1, 2, 3, 4, 7]), ("random", None)):
        mixture = load_mixture(folder / f"out/{name}.yaml")
        plan = mixture.plan(Index(mixture.parts))
        rows = sorted(row for (row,), _ in plan.items((0, 0, 0)) if row < 8)
        assert len(rows) == 6 and rows == (same or rows)
    store = Store(folder / "new")
    assert len(store) == 6 and {store[row].dataset for row in range(6)} == {"tests", "other"}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"thin": 1}, "step 1: 'thin' is not one of: keep, contamination, duplicates"),
        ({"keep": "rounds"}, "step 1: filter 'rounds': write COLUMN OP VALUE"),
        ({"duplicates": {}}, "give one of exact: true, pictures: BITS"),
        ({"duplicates": {"bits": 3}}, "unknown bits; known: exact, pictures, texts, across"),
        ({"balance": {"column": "a", "most": 2}}, "most 2 is a share"),
        ({"select": {"budget": "half", "columns": ["a"]}}, "budget 'half': write 5000 or 30%"),
        ({"select": {"budget": 3}}, "give columns"),
    ],
)
def test_recipes_that_cannot_be_read(tmp_path, step, message):
    with pytest.raises(RecipeError, match=message):
        parse({"shards": "a", "steps": [step]}, tmp_path)


def test_unknown_columns_are_named(folder):
    with pytest.raises(RecipeError, match="step 1: no column 'beauty'; there are: turns"):
        curated(folder, {"keep": "beauty>1"})


def test_hashes_of_what_is_no_picture():
    assert picture_hash(b"GIF89a") is None and signature([]) == b""


def test_equal_hashes_of_other_colours_are_told_apart():
    """Of three pictures with one hash the last two are copies, the first has other colours."""
    hashes = np.array([5, 5, 5, 4], np.uint64)
    thumbs = np.array([[0] * 192, [200] * 192, [200] * 192, [201] * 192], np.uint8)
    assert near_pictures(hashes, thumbs, 2).tolist() == [[1, 2], [1, 3]]


def test_random_twins_have_the_same_sizes(folder):
    made, _ = curated(folder, {"keep": "cut_off==0"}, {"duplicates": {"pictures": 8}})
    mask = made.random()
    assert Counter(made.datasets[mask].tolist()) == {"tests": 5, "other": 1}
    assert selection.rewrite(folder / "new", made) == 6
