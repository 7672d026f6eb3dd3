"""The command line: documents of --json, exit codes, and the real ``hf`` command."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import venv
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests import rows
from tests.rows import llava_instruct_150k, pmc_vqa
from vlit_hub import registry
from vlit_hub.cli import VERBS, app

REPO = Path(__file__).parents[2]


def vlit(*arguments: object) -> Result:
    return CliRunner().invoke(app(), [str(argument) for argument in arguments])


def document(*arguments: object, code: int = 0) -> dict:
    result = vlit(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_every_verb_tells_its_options() -> None:
    for verb in VERBS:
        result = vlit(verb, "--help")
        assert result.exit_code == 0
        assert "--json" in result.stdout


def test_list_and_info_tell_the_facts() -> None:
    found = {entry["name"]: entry for entry in document("list")}
    assert list(found) == registry.names()
    assert set(found["coco-arc"]) >= {
        "name", "title", "licence", "released", "modalities", "scope", "construction", "target", "kind"
    }  # fmt: skip
    assert found["shikra-rd"]["target"] == ["region"]
    info = document("info", "pmc-vqa")
    assert info["subsets"] == ["default", "v1", "v2"] and "RadGenome/PMC-VQA" in info["obtain"]


def test_list_filters_and_the_ledger_shows_shared_pictures() -> None:
    regions = document("list", "--target", "region", "--kind", "survey")
    assert {"shikra-rd", "pvit", "grit-20m"} <= {entry["name"] for entry in regions}
    assert all("region" in entry["target"] for entry in regions)
    assert len(document("list", "--kind", "survey")) == 58
    found = document("ledger")
    assert list(found["datasets"]) == registry.names()
    assert {"coco-arc", "llava-instruct-150k", "coco-captions"} <= set(found["by_source"]["COCO"])
    pairs = {tuple(row["datasets"]): row["sources"] for row in found["overlaps"]}
    assert "COCO" in pairs["coco-arc", "llava-instruct-150k"]
    assert ("pmc-vqa", "shikra-rd") not in pairs


def test_build_json_is_one_document_whose_counts_add_up(tmp_path: Path) -> None:
    raw = rows.write(tmp_path / "raw", pmc_vqa.FILES)
    found = document("build", "pmc-vqa", "--raw", raw, "--out", tmp_path / "out", "--audit")
    assert {key: found[key] for key in ("records", "converted", "partial", "quarantined", "samples")} == {
        "records": 5, "converted": 5, "partial": 0, "quarantined": 0, "samples": 5
    }  # fmt: skip
    assert found["audit"]["dropped"] == 0 and found["shards"] == 2 and found["missing_media"] == 1
    assert set(found) >= {"name", "subset", "unread", "reasons", "unresolved_regions", "seconds", "peak_rss_mb"}
    again = document("build", "pmc-vqa", "--raw", raw, "--out", tmp_path / "out", "--workers", "2")
    assert again["unchanged"] == ["train", "test"] and again["samples"] == 5


def test_a_build_without_a_single_sample_exits_with_1_and_says_why(tmp_path: Path) -> None:
    bad = [{"id": "1", "image": "../x.jpg", "conversations": ["a"]}, {"id": "2", "conversations": []}]
    raw = rows.write(tmp_path / "raw", {"detail_23k.json": json.dumps([*bad, bad[0]])})
    command = ("build", "llava-instruct-150k", "--raw", raw, "--out", tmp_path / "out", "--subset", "detail_23k")
    for _ in range(2):  # the second time nothing is built: the first one's counts are told
        found = document(*command, code=1)
        assert (found["records"], found["quarantined"], found["samples"]) == (3, 3, 0)
    said = " ".join(vlit(*command).stderr.split())
    assert "none of 3 records gave a sample; most often: image: " in said and "quarantine.jsonl" in said


def test_index_counts_what_it_reads_and_what_it_leaves_out(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        for name, data in (("1.txt", b"A bus."), ("1.pkl", b"x"), ("2.json", b"{}")):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    found = document("index", tmp_path, "--name", "cc", "--energon")
    assert (found["shards"], found["records"], found["samples"]) == (1, 2, 1)
    assert found["unknown_members"] == {"pkl": 1}
    assert found["skipped"] == {"neither a text nor a json with a caption": 1}
    assert (tmp_path / ".nv-meta" / "split.yaml").exists()
    assert "x.tar: 2: neither" in vlit("index", tmp_path, "--strict").stderr


def test_check_names_each_fault_and_exits_with_1(tmp_path: Path) -> None:
    files = {
        **llava_instruct_150k.FILES,
        "detail_23k.json": '[{"id": "1", "image": "../x.jpg", "conversations": ["a"]}]',
    }
    raw = rows.write(tmp_path, files)
    found = document("check", "llava-instruct-150k", "--raw", raw, code=1)
    assert (found["records"], found["quarantined"]) == (2, 1)
    assert [(f["file"], f["row"], f["field"], f["fatal"]) for f in found["faults"]] == [
        ("detail_23k.json", 0, "image", True)
    ]
    assert vlit("check", "llava-instruct-150k", "--raw", raw, "--subset", "conversation_58k").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("info", "llava-instruct"), 1, "nearest: llava-instruct-150k"),
        (("build", "coco-arc", "--raw", ".", "--out", "x"), 1, "global.json + negative.json + region.json"),
        (("build", "coco-arc", "--raw", "nowhere", "--out", "x"), 1, "not a folder"),
        (("build", "coco-arc"), 2, "--raw"),
        (("card", "."), 1, "neither manifest.json"),
        (("push", ".", "a/b"), 1, "neither shards"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_bad_input_ends_with_1_and_wrong_usage_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple, code: int, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = vlit(*arguments)
    assert result.exit_code == code
    assert says in " ".join(result.output.split())
    if code == 1:
        assert says in " ".join(json.loads(vlit(*arguments, "--json").stdout)["error"].split())


def test_the_real_hf_command_finds_us_as_an_extension(tmp_path: Path) -> None:
    """The folder is laid as ``hf extensions install`` lays it: a venv with the package, and its manifest."""
    folder = tmp_path / ".local" / "share" / "hf" / "extensions" / "hf-vlit"
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    where = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    ours, theirs = (
        Path(subprocess.run([p, "-c", where], capture_output=True, text=True, check=True).stdout.strip())
        for p in (sys.executable, python)
    )
    (theirs / "dependencies.pth").write_text(f"{ours}\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-build-isolation", "-q"]
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "-q", str(REPO), str(source)], check=True)
    done = subprocess.run([*pip, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in theirs.iterdir() if "vlit" in p.name and "dist-info" not in p.name) == ["vlit_hub"]
    manifest = {
        "owner": "vlit", "repo": "hf-vlit", "repo_id": "vlit/hf-vlit", "short_name": "vlit", "type": "python",
        "executable_path": str(folder / "venv" / "bin" / "hf-vlit"), "installed_at": datetime.now().isoformat(),
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    environment = {**os.environ, "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    hf = Path(sys.executable).parent / "hf"
    done = subprocess.run([hf, "vlit", "list", "--json"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [entry["name"] for entry in json.loads(done.stdout)] == registry.names()
