"""Cross-evaluation: recipes, cells that are never run twice, the figures put together, the real thing in small."""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from tests.evaluation.rooms import colour_sample
from tests.tiny.llava import build as tiny_llava
from vlit_hub.cli import app
from vlit_hub.evaluation.cross.attribution import write_attribution
from vlit_hub.evaluation.cross.cells import cells_of, run_cells
from vlit_hub.evaluation.cross.page import delta_words, markdown, short_cell, table, verdict, write_page
from vlit_hub.evaluation.cross.recipe import CrossError, load_cross
from vlit_hub.evaluation.cross.results import collect
from vlit_hub.processing import VLITProcessor
from vlit_hub.shards import ShardWriter, Store
from vlit_hub.shards.mixture import load_mixture
from vlit_hub.training.settings import patterns_of

REPO = Path(__file__).parents[2]
GPU_PAGE = REPO / "docs" / "GPU.md"

RECIPE = {
    "out": "results",
    "seeds": [0, 1],
    "base": "start",
    "train": {"setting": "VLIT", "global_batch": 2, "max_steps": 1},
    "candidates": {
        "none": {},
        "reds": {"data": "reds"},
        "both": {"data": ["reds", "blues"]},
        "curated": {"data": "curated.yaml"},
        "random": {"like": "curated"},
    },
    "benchmarks": {"rooms": {"shards": "test"}},
    "signal": ["none", "both"],
}
# A cell that answers right by chance of its candidate's name: real processes, no model.
RUNNER = """
import json, pathlib, random, sys
folder = pathlib.Path(sys.argv[1]); spec = json.loads((folder / "spec.json").read_text())
with open(folder.parents[4 if spec["kind"] == "score" else 3] / "ran.txt", "a") as file: print(folder, file=file)
name = folder.parts[-3] if spec["kind"] == "score" else ""
if name == "both" and (folder.parents[5] / "break").exists(): sys.exit("broken on purpose")
share = {"none": 0.2, "both": 0.9}.get(name, 0.5); rng = random.Random(str(folder)[-20:])
found = {"key": spec["key"], "seconds": 1, "steps": 1, "tokens": 10, "training_seconds": 2.0}
first = 0.5 + float(folder.name)
found["losses"] = [{"step": 1, "datasets": {"reds": first}}, {"step": 3, "datasets": {"reds": 0.25}}]
if spec["kind"] == "score":
    found |= {"unanswerable": {"missing picture": 1}, "predictions": [
        {"row": i, "group": str(i // 2), "ability": ("instance_identity", "instance_location")[i % 2],
         "right": {"model": float(rng.random() < share), "majority": 0.0}} for i in range(60)]}
(folder / "result.json").write_text(json.dumps(found))
"""


def shards(folder, name, colours, first=0):
    with ShardWriter(folder / name, name, "default", "train") as writer:
        for i, colour in enumerate(colours):
            writer.write(colour_sample(first + i, colour))


@pytest.fixture
def root(tmp_path):
    shards(tmp_path, "reds", ["red"] * 6)
    shards(tmp_path, "blues", ["blue", "green"] * 4, 10)
    shards(tmp_path, "test", ["red", "blue", "green"] * 4, 20)
    np.save(tmp_path / "kept.npy", np.array([0, 2, 5]))
    mixture = {"sources": [{"shards": "reds", "keep": "kept.npy"}, {"shards": "blues#4"}]}
    (tmp_path / "curated.yaml").write_text(yaml.safe_dump(mixture))
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(RECIPE, sort_keys=False))
    return tmp_path


def load(root, **changed):
    (root / "recipe.yaml").write_text(yaml.safe_dump(RECIPE | changed, sort_keys=False))
    return load_cross(root / "recipe.yaml", str(root))


def test_a_recipe_names_what_is_wrong_with_it(root):
    for changed, message in (
        ({"candidate": {}}, "candidate: no such key; nearest: candidates"),
        ({"candidates": {"a": {"dta": "x"}}}, "candidates.a.dta: no such key; nearest: data"),
        ({"candidates": {"a": {"like": "b"}}}, "candidates.a.like: 'b'"),
        ({"benchmarks": {}}, "needs benchmarks"),
        ({"signal": ["none", "nobody"]}, "signal: two of"),
        ({"seeds": [1, 1]}, "repeat"),
    ):
        with pytest.raises(CrossError, match=message):
            load(root, **changed)
    with pytest.raises(CrossError, match="candidate lost: .*nowhere is not there"):
        cells_of(load(root, candidates={"lost": {"data": "nowhere"}}, signal=[]))


def test_a_random_selection_has_the_size_of_the_one_it_stands_beside(root):
    recipe = load(root)
    data = {cell.name: cell.spec["recipe"]["data"] for cell in cells_of(recipe) if cell.spec["kind"] == "train"}
    drawn = []
    for name in ("curated/0", "random/0", "random/1"):
        mixture = load_mixture(data[f"tune/{name}"])
        assert len(mixture.plan(Store(mixture.parts).index)) == 7
        drawn.append(mixture.document)
    assert drawn[1] != drawn[2]
    again = {cell.name: cell.key for cell in cells_of(recipe)}
    assert again == {cell.name: cell.key for cell in cells_of(load(root))}


def test_cells_that_are_done_are_not_run_again(root):
    recipe, runner = load(root), (sys.executable, "-c", RUNNER)
    cells = cells_of(recipe)
    assert len(cells) == 2 * (4 + 5) and [c.level for c in cells] == sorted(c.level for c in cells)
    (root / "break").touch()
    with pytest.raises(CrossError, match="cell score/both/rooms/0 ended with 1 .*broken on purpose"):
        run_cells(recipe, cells, 1, lambda text: None, runner)
    with pytest.raises(CrossError, match="is not done"):
        collect(recipe, cells)
    (root / "break").unlink()
    ran = (root / "results" / "ran.txt").read_text().splitlines()
    done = [cell for cell in cells if cell.result()]
    assert run_cells(recipe, cells, 2, lambda text: None, runner) == len(cells) - len(done)
    after = (root / "results" / "ran.txt").read_text().splitlines()[len(ran) :]
    assert not {str(cell.folder) for cell in done} & set(after)
    assert run_cells(recipe, cells, 1, lambda text: None, runner) == 0
    shards(root, "blues", ["blue", "red"] * 4, 10)
    stale = {cell.name for cell in cells_of(recipe) if cell.result() is None}
    assert {name.split("/")[1] for name in stale} == {"both", "curated", "random"} and len(stale) == 12
    assert {cell.name for cell in cells_of(load(root, batch_size=9)) if cell.result()} == {"tune/reds/0", "tune/reds/1"}


def test_figures_deltas_and_pages(root):
    recipe = load(root)
    cells = cells_of(recipe)
    run_cells(recipe, cells, 2, lambda text: None, (sys.executable, "-c", RUNNER))
    results = collect(recipe, cells)
    assert results.columns() == [("rooms", d) for d in ("all", "instance_identity", "instance_location")]
    both, none = results.at("both", "rooms", "all"), results.at("none", "rooms", "all")
    assert (both.n, len(both.seeds), none.delta) == (120, 2, None)
    assert both.value == pytest.approx(sum(both.seeds) / 2)
    assert both.delta.value == pytest.approx(both.value - none.value) and both.delta.low > 0
    gap = both.value - none.value
    assert results.signal is True and results.gap.value == pytest.approx(gap) and results.to_dict()["signal"] is True
    assert verdict(results).startswith(f"both is {100 * gap:.1f} points above none over all questions [+")
    cost = {c.candidate: c for c in results.costs}
    assert (cost["none"].tokens, cost["both"].tokens, cost["both"].losses) == (0.0, 10.0, {"reds": 0.25})
    assert (cost["none"].curves, cost["both"].curves) == ({}, {"reds": ((1, 1.0), (3, 0.25))})
    heads, rows = table(results, short_cell)
    assert heads[0] == "candidate" and [row[0] for row in rows] == list(RECIPE["candidates"])
    assert rows[2][1].endswith("+")
    text = markdown(results, "experiment", "vlit cross-eval X", "About reds.", {"heat map": "X.html"})
    assert text.startswith("# experiment\n\nAbout reds.\n") and "Heat map: [X.html](X.html)." in text
    assert "vlit cross-eval X" in text and f"{100 * both.value:.1f}" in text and text.count("\n| both") == 2
    picture = ElementTree.parse(write_page(results, root / "page.svg", "a & b")).getroot()
    figures = [results.at(name, *column) for name in results.candidates() for column in results.columns()]
    drawn = [cell.findtext("{*}text") for cell in picture.iterfind("{*}g")]
    assert drawn == [f"{100 * figure.value:.1f}" if figure else "-" for figure in figures]
    page = write_page(results, root / "page.html", "experiment").read_text()
    assert f"{100 * both.delta.value:+.1f}" in page and "missing picture" in page and "src=" not in page
    page = write_attribution(results, root / "attribution.html", "experiment").read_text()
    assert "reds 1.000 &rarr; 0.250" in page and "src=" not in page and "<td>none" not in page
    assert page.count("<polyline") == len(RECIPE["candidates"]) - 1 and page.count("<rect") == 3 * page.count("<poly")
    assert delta_words(both) in page
    json.dumps(results.to_dict(), allow_nan=False)
    same = collect(load(root, signal=["curated", "curated"][:0]), cells)
    assert same.signal is None and verdict(same) == ""


@pytest.mark.slow
def test_the_real_thing_killed_once_and_resumed(root):
    """A tiny LLaVA: killed within a cell, then run again; the finished cells stay as they were."""
    model, native = tiny_llava()
    model.save_pretrained(root / "start")
    VLITProcessor(native).save_pretrained(root / "start")
    candidates = {name: RECIPE["candidates"][name] for name in ("none", "reds", "both")}
    load(root, seeds=[0], candidates=candidates, train=RECIPE["train"] | {"logging_steps": 1})
    command = [sys.executable, "-c", "from vlit_hub.cli import main; main()", "cross-eval", str(root / "recipe.yaml")]
    command += ["--root", str(root), "--json"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    first = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
    )
    cells = root / "results" / "cells"
    deadline = time.monotonic() + 600
    while not list(cells.rglob("result.json")) and time.monotonic() < deadline and first.poll() is None:
        time.sleep(0.1)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    done = {path: path.stat().st_mtime_ns for path in cells.rglob("result.json")}
    assert done
    pages = root / "docs" / "ROOMS.md"
    second = subprocess.run([*command, "--docs", str(pages)], capture_output=True, text=True, env=environment)
    assert second.returncode == 0, second.stderr
    found = json.loads(second.stdout)
    assert (found["cells"], found["ran"]) == (5, 5 - len(done))
    assert all(path.stat().st_mtime_ns == at for path, at in done.items())
    assert {(f["candidate"], f["n"]) for f in found["figures"]} == {("none", 12), ("reds", 12), ("both", 12)}
    beside = [pages.with_suffix(".html"), pages.with_name("ROOMS_ATTRIBUTION.html")]
    for page in (root / "results" / "index.html", root / "results" / "attribution.html", *beside):
        assert "<td>reds" in page.read_text() and "none logged" not in page.read_text()
    assert all(f"({page.name})" in pages.read_text() for page in beside)


GPU = {"llava": "llava", "instructblip": "instructblip", "idefics": "idefics"}
"""Recipe for real models -> family."""


@pytest.mark.parametrize("name", GPU)
def test_the_recipes_for_real_models_are_read_and_their_cells_listed(name, tmp_path):
    """Nothing is trained: the folders hold a few samples, the base is a processor and a configuration."""
    recipe = REPO / "recipes" / "cross_eval" / f"seed_bench_{name}.yaml"
    _, native = importlib.import_module(f"tests.tiny.{GPU[name]}").build()
    VLITProcessor(native).save_pretrained(tmp_path / "aligned")
    loaded = load_cross(recipe, str(tmp_path))
    folders = {str(place) for one in loaded.candidates.values() for place in np.atleast_1d(one.data) if place}
    for place in sorted(folders | {one.shards for one in loaded.benchmarks.values()}):
        with ShardWriter(tmp_path / place, place, "default", "test") as writer:
            writer.write(colour_sample(0, "red"))
    ran = CliRunner().invoke(app(), ["cross-eval", str(recipe), "--root", str(tmp_path), "--plan", "--json"])
    assert ran.exit_code == 0, ran.output
    cells = json.loads(ran.stdout)
    assert [cell["kind"] for cell in cells] == ["train"] * 5 + ["score"] * 12 and not any(c["done"] for c in cells)
    assert {cell["cell"] for cell in cells} >= {"tune/all three/0", "score/none/seed-bench/0", "score/region/pope/0"}
    assert patterns_of(GPU[name], loaded.train["setting"])
    assert not (tmp_path / "results" / "cells").exists()
    assert "never run" in recipe.read_text() and "seed_bench_{llava,instructblip,idefics}" in GPU_PAGE.read_text()


def test_a_plan_names_an_unknown_key_of_training(tmp_path):
    shards(tmp_path, "reds", ["red"])
    made = RECIPE | {"candidates": {"none": {}, "reds": {"data": "reds", "train": {"learnin_rate": 1}}}, "signal": []}
    made["benchmarks"] = {"rooms": {"shards": "reds"}}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(made))
    ran = CliRunner().invoke(app(), ["cross-eval", str(tmp_path / "recipe.yaml"), "--root", str(tmp_path), "--plan"])
    assert ran.exit_code != 0 and "learnin_rate" in ran.output
