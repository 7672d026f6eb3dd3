"""``load_dataset`` through the installed ``datasets``, each in a fresh process with its own cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import rows
from tests.rows import llava_instruct_150k

HEAD = "import sys, json, os\n"


def run(code: str, home: Path, *arguments: object) -> str:
    """Run a script in a fresh process, offline, with its own caches; its stdout."""
    environment = {**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", HEAD + code, *map(str, arguments)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return rows.write(tmp_path / "raw", llava_instruct_150k.FILES)


ALL_WAYS = """
raw, first = sys.argv[1:3]
if first == "vlit_hub":
    import vlit_hub; from datasets import load_dataset
else:
    from datasets import load_dataset; import vlit_hub
from datasets import Image, List
name = "vlit/llava-instruct-150k"
whole = load_dataset(name, data_dir=raw, split="train")
assert whole[0]["images"][0].size == (640, 480) and whole[1]["images"] == [None]
streamed = list(load_dataset(name, data_dir=raw, split="train", streaming=True))
assert streamed[0]["images"][0].size == (640, 480) and streamed[1]["images"] == [None]
ids = [row["id"] for row in whole]
assert [row["id"] for row in streamed] == ids
two = load_dataset(name, data_dir=raw, split="train", num_proc=2, cache_dir=raw + "/../two")
assert [row["id"] for row in two] == ids
plain = vlit_hub.load_dataset("llava-instruct-150k", data_dir=raw, split="train", cache_dir=raw + "/../plain")
assert [row["id"] for row in plain] == ids and plain.features == whole.features
subset = load_dataset(name, "detail_23k", data_dir=raw)
assert list(subset) == ["train"] and subset["train"]["task"] == ["description"]
from vlit_hub.canonical import validate
from vlit_hub.schema import from_row
for row in whole.cast_column("images", List(Image(decode=False))):
    validate(from_row(row))
print(json.dumps(ids))
"""


@pytest.mark.parametrize("first", ["vlit_hub", "datasets"])
def test_map_style_streaming_two_processes_and_unpatched(raw: Path, tmp_path: Path, first: str) -> None:
    assert json.loads(run(ALL_WAYS, tmp_path / "home", raw, first)) == ["conversation_58k:0", "detail_23k:0"]


STALE = """
import vlit_hub
from datasets import load_dataset
from pathlib import Path
from PIL import Image
raw, roots = Path(sys.argv[1]), Path(sys.argv[2])
def load():
    return load_dataset("vlit/llava-instruct-150k", data_dir=str(raw), split="train", media_roots={"coco": str(roots)})
def fresh(change):
    before = load().cache_files[0]["filename"]
    change()
    assert load().cache_files[0]["filename"] != before
assert load()[0]["images"] == [None]
assert load().cache_files[0]["filename"] == load().cache_files[0]["filename"]
fresh(lambda: Image.new("RGB", (5, 4)).save(roots / "000000000009.jpg"))
assert load()[0]["images"][0].size == (5, 4) and load()[0]["media"][0]["width"] == 5
fresh(lambda: Image.new("RGB", (6, 4)).save(roots / "000000000009.jpg"))
assert load()[0]["media"][0]["width"] == 6
text = (raw / "conversation_58k.json").read_text()
fresh(lambda: (raw / "conversation_58k.json").write_text(text.replace("A blue cup.", "A green cup.")))
assert load()[0]["messages"][1]["content"][0]["text"] == "A green cup."
from vlit_hub import builder, registry
spec = registry.get("llava-instruct-150k")
before = builder.code_fingerprint(spec)
source = Path(sys.argv[3]) / "other.py"
source.write_text(registry.source(spec).read_text() + "# edited\\n")
registry.source = lambda spec: source
assert builder.code_fingerprint(spec) != before
"""


def test_an_edited_raw_file_script_or_medium_never_serves_a_stale_cache(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "roots").mkdir()
    run(STALE, tmp_path / "home", raw, tmp_path / "roots", tmp_path)


ERRORS = """
import vlit_hub
from datasets import load_dataset
def fails(*args, **kwargs):
    try:
        load_dataset(*args, **kwargs)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
print(json.dumps([fails("vlit/llava-instruct", data_dir="x"), fails("vlit/llava-instruct-150k"),
                  fails("vlit/llava-instruct-150k", data_dir=sys.argv[1])]))
"""


def test_errors_name_the_nearest_dataset_and_the_missing_files(tmp_path: Path) -> None:
    unknown, no_folder, empty = json.loads(run(ERRORS, tmp_path / "home", tmp_path))
    assert unknown.startswith("UnknownDataset: no dataset 'llava-instruct'; nearest: llava-instruct-150k")
    assert no_folder.startswith("DownloadError: give data_dir=")
    assert empty.startswith("MissingFiles: llava-instruct-150k expects in")


def test_import_is_light() -> None:
    code = (
        "import sys, time; t = time.process_time(); import vlit_hub; t = time.process_time() - t\n"
        "print(t, [m for m in ('torch', 'transformers', 'datasets', 'pandas') if m in sys.modules])"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True) for _ in range(3)]
    seconds, heavy = min(run.stdout.strip().split(" ", 1) for run in runs)
    assert heavy == "[]"
    assert float(seconds) < 0.3


def test_the_ground_floor_imports_no_framework() -> None:
    code = (
        "import sys, vlit_hub.schema, vlit_hub.spec, vlit_hub.regions, vlit_hub.registry, vlit_hub.release\n"
        "[vlit_hub.registry.get(n) for n in vlit_hub.registry.names()]\n"
        "print([m for m in ('torch', 'transformers', 'datasets') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


PLUGIN = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n',
    "setup.cfg": "[metadata]\nname = petpack\nversion = 1\n[options]\npackages = petpack\n"
    "[options.entry_points]\nvlit_hub.datasets =\n    petpack = petpack\n",
    "petpack/__init__.py": "",
    "petpack/pet_talk.py": (
        "from vlit_hub.formats.conversations import conversations\n"
        "from vlit_hub.spec import DatasetSpec, Files\n"
        "SPEC = DatasetSpec(name='pet-talk', title='Pets', paper='-', year=2026, licence_stated='CC0', kind='base',\n"
        "    files=(Files((('pets.json',),)),), convert=conversations, obtain='Write it.')\n"
    ),
}
NEW = """
import vlit_hub
from datasets import load_dataset
print(load_dataset("vlit/pet-talk", data_dir=sys.argv[1], split="train")["id"][:])
"""


def test_one_more_dataset_is_a_package_with_an_entry_point_and_one_script(tmp_path: Path) -> None:
    rows.write(tmp_path / "petpack", PLUGIN)
    turns = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Wuff"}]
    rows.write(tmp_path / "raw", {"pets.json": json.dumps([{"conversations": turns}])})
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--quiet"]
    done = subprocess.run(
        [*command, "--target", str(tmp_path / "site"), str(tmp_path / "petpack")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", HEAD + NEW, str(tmp_path / "raw")], env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "['pets:0']", done.stderr[-2000:]
