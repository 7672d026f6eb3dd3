"""`vlit download`: the real client against a local Hub, http from a server that breaks off, names that would escape."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants
from tenacity import wait_none

from tests import rows
from tests.rows import coco_arc, m3it
from vlit_hub import download_http, registry
from vlit_hub.download import DownloadError, Remote, _inside, download
from vlit_hub.publishing.local_hub import SHORT, Account, LocalHub
from vlit_hub.release import Release
from vlit_hub.spec import DatasetSpec, Files, MediaRule

BODY = bytes(range(256)) * 4000


def spec(**facts: object) -> DatasetSpec:
    usual = {
        "name": "pets", "title": "Pets", "paper": "-", "year": 2026, "licence_stated": "CC0", "kind": "base",
        "files": (Files((("merged.json",), ("a.json", "b.json"))), Files((("**/c.json",),), subset="c")),
        "convert": lambda record, ctx: (), "obtain": "Ask the authors.", "media": (MediaRule("pets"),),
    }  # fmt: skip
    return DatasetSpec(**{**usual, **facts})


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(download_http, "wait_random_exponential", lambda *_: wait_none())


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LocalHub]:
    orgs = ("local", "MMInstruction", "lllchenlll", "shilongz", "Vision-CAIR")
    with LocalHub(tmp_path / "hub", {"hf_ada": Account("ada", "write", orgs=orgs)}) as hub:
        yield hub


def publish(hub: LocalHub, repo: str, files: dict[str, bytes], folder: Path) -> None:
    api = HfApi(hub.endpoint, token="hf_ada")
    api.create_repo(repo, repo_type="dataset", exist_ok=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    api.upload_folder(repo_id=repo, repo_type="dataset", folder_path=folder)


class Server(ThreadingHTTPServer):
    """Serves ``files``; breaks off after ``cut`` bytes of a reply that many times; forgets ranges unless ``ranges``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.cuts, self.cut, self.ranges, self.tag = 0, 300_000, True, '"v1"'
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        body = self.server.files.get(self.path)
        if body is None:
            return self.send_error(404)
        start = 0
        wanted = self.headers.get("Range", "")
        if wanted and self.server.ranges and self.headers.get("If-Range") == self.server.tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if self.command == "GET":
            self.server.asked.append(wanted)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("ETag", self.server.tag)
        self.end_headers()
        if self.command == "GET":
            cut = self.server.cuts > 0
            self.server.cuts -= cut
            self.wfile.write(body[start : start + self.server.cut] if cut else body[start:])

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def address(server: Server, path: str) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}{path}"


def test_the_hub_gives_the_first_alternative_and_what_lies_beside_it(hub: LocalHub, tmp_path: Path) -> None:
    files = {
        "a.json": b"[1]",
        "sub/b.json": b"[2]",
        "deep/er/c.json": b"[3]",
        "pics.zip": b"PK" * 99,
    }
    publish(hub, "local/pets", files, tmp_path / "release")
    pets = spec(hub_id="local/pets", download=("hf://datasets/local/pets/*.zip#default",))
    raw = tmp_path / "raw"
    listed = download(pets, raw, endpoint=hub.endpoint, only_list=True)
    assert [(file.name, file.size) for file in listed.files] == [("a.json", 3), ("sub/b.json", 3), ("pics.zip", 198)]
    assert not raw.exists() and not listed.fetched
    report = download(pets, raw, endpoint=hub.endpoint)
    assert report.fetched == ["a.json", "sub/b.json", "pics.zip"] and report.absent == []
    assert {name: (raw / name).read_bytes() for name in report.fetched} == {n: files[n] for n in report.fetched}
    (raw / "a.json").write_bytes(b"[")
    again = download(pets, raw, endpoint=hub.endpoint)
    assert (again.fetched, again.present) == (["a.json"], ["sub/b.json", "pics.zip"])
    assert (raw / "a.json").read_bytes() == b"[1]"
    other = download(pets, raw, "c", endpoint=hub.endpoint)
    assert [file.name for file in other.files] == ["deep/er/c.json"]


def test_a_reply_of_the_hub_that_breaks_off_is_never_taken_for_the_file(hub: LocalHub, tmp_path: Path) -> None:
    publish(hub, "local/pets", {"merged.json": BODY}, tmp_path / "release")
    hub.faults = lambda method, route, count: SHORT if (method, route) == ("GET", "resolve") and count < 4 else None
    pets, raw = spec(hub_id="local/pets"), tmp_path / "raw"
    for _ in range(4):
        try:
            download(pets, raw, endpoint=hub.endpoint)
            break
        except DownloadError as error:
            assert "run it again" in str(error) and not (raw / "merged.json").exists()
    assert (raw / "merged.json").read_bytes() == BODY
    assert hub.requests["GET", "resolve"] == 4


def test_what_is_fetched_is_what_the_release_reads(hub: LocalHub, tmp_path: Path) -> None:
    """M3IT's tables and a second level of folders; COCO_ARC's pictures, read from their zip."""
    folder = rows.write(tmp_path / "m3it", m3it.FILES)
    publish(hub, "MMInstruction/M3IT", {}, folder)
    report = download(registry.get("m3it"), tmp_path / "raw", endpoint=hub.endpoint)
    read = [list(Release(registry.get("m3it"), raw).read("train")) for raw in (folder, tmp_path / "raw")]
    assert [o.samples for o in read[0]] == [o.samples for o in read[1]] and read[0][0].samples
    assert any(name.endswith("instructions.json") for name in report.fetched)
    texts = {name: text.encode() for name, text in coco_arc.FILES.items() if name.endswith(".json")}
    publish(hub, "lllchenlll/COCO_ARC", texts | {"region_images.zip": b"PK\5\6" + bytes(18)}, tmp_path / "arc")
    report = download(registry.get("coco-arc"), tmp_path / "arc_raw", endpoint=hub.endpoint)
    assert sorted(report.fetched) == sorted([*texts, "region_images.zip"])


def test_a_cut_connection_is_resumed_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.files["/x/a%20b.json"] = BODY
    server.cuts = 2
    pets = spec(files=(Files((("a b.json",),)),), download=(address(server, "/x/a%20b.json"),))
    seen: list[int] = []
    report = download(pets, tmp_path / "raw", progress=lambda name, done, whole: seen.append(done))
    assert (tmp_path / "raw" / "a b.json").read_bytes() == BODY
    assert server.asked == ["", "bytes=300000-", "bytes=600000-"]
    assert seen == sorted(seen) and seen[-1] == len(BODY)
    assert report.files[0].size == len(BODY)
    assert os.listdir(tmp_path / "raw") == ["a b.json"]


def test_a_download_that_was_given_up_goes_on_in_the_next_call(server: Server, tmp_path: Path) -> None:
    server.files["/merged.json"] = BODY
    server.cuts, server.cut = 6, 100_000
    pets = spec(download=(address(server, "/merged.json"),))
    with pytest.raises(DownloadError, match="6 times; run it again, what came is kept"):
        download(pets, tmp_path)
    assert not (tmp_path / "merged.json").exists() and (tmp_path / "merged.json.part").stat().st_size == 600_000
    download(pets, tmp_path)
    assert server.asked[-1] == "bytes=600000-" and (tmp_path / "merged.json").read_bytes() == BODY


@pytest.mark.parametrize("change", ["another file", "no ranges"])
def test_a_part_of_another_file_is_never_continued(server: Server, tmp_path: Path, change: str) -> None:
    server.files["/merged.json"] = b"x" * 500_000
    server.cuts = 6
    server.cut = 50_000
    pets = spec(download=(address(server, "/merged.json"),))
    with pytest.raises(DownloadError):
        download(pets, tmp_path)
    if change == "another file":
        server.files["/merged.json"], server.tag = BODY, '"v2"'
    else:
        server.ranges = False
    download(pets, tmp_path)
    assert (tmp_path / "merged.json").read_bytes() == server.files["/merged.json"]


def test_what_no_server_gives_is_told(hub: LocalHub, server: Server, tmp_path: Path) -> None:
    server.files["/a.json"] = b"[]"
    both = (address(server, "/a.json"), address(server, "/b.json"), "hf://datasets/local/gone")
    report = download(spec(download=both), tmp_path / "raw", endpoint=hub.endpoint)
    assert report.fetched == ["a.json"] and report.obtain == "Ask the authors."
    assert [why.partition(": ")[0] for why in report.refused] == ["hf://datasets/local/gone", both[1]]
    for facts in ({}, {"download": both[1:]}, {"hub_id": "local/gone"}):
        with pytest.raises(DownloadError, match=r"pets \(default\) cannot be downloaded.*Ask the authors."):
            download(spec(**facts), tmp_path / "raw", endpoint=hub.endpoint)
    with pytest.raises(ValueError, match="has no subset 'x'"):
        download(spec(), tmp_path, "x")


def test_a_gated_repository_says_how_to_be_let_in(hub: LocalHub, tmp_path: Path) -> None:
    publish(hub, "local/pets", {"a.json": b"[]"}, tmp_path / "release")
    HfApi(hub.endpoint, token="hf_ada").update_repo_settings("local/pets", repo_type="dataset", private=True)
    with pytest.raises(DownloadError, match="only for those logged in|accept the terms"):
        download(spec(hub_id="local/pets"), tmp_path / "raw", endpoint=hub.endpoint)


def test_pickles_are_never_fetched(hub: LocalHub, tmp_path: Path) -> None:
    publish(hub, "shilongz/temp", {"llava_150k_bbox_pred_results.pkl": b"\x80"}, tmp_path / "release")
    with pytest.raises(DownloadError, match="is a pickle, never loaded"):
        download(registry.get("gpt4roi"), tmp_path / "raw", endpoint=hub.endpoint)


@pytest.mark.parametrize("name", ["../a.json", "/a.json", "x/../../a.json", "out/a.json", "a\0.json"])
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "raw").mkdir()
    os.symlink(tmp_path, tmp_path / "raw" / "out")
    with pytest.raises(DownloadError, match="would lie outside"):
        _inside(tmp_path / "raw", Remote(name, "").name)


@pytest.mark.parametrize("address", ["ftp://x/a", "https://x", "https://x/", "hf://datasets/x", "https://x/a#nope"])
def test_addresses_that_are_none_are_named(address: str) -> None:
    with pytest.raises(ValueError, match="download: "):
        spec(download=(address,))


LOADED = """
import vlit_hub
from datasets import load_dataset
name = "vlit/cc-sbu-align"
ids = load_dataset(name, split="train")["id"][:]
assert [row["id"] for row in load_dataset(name, split="train", streaming=True)] == ids
assert vlit_hub.load_dataset("cc-sbu-align", split="train")["id"][:] == ids
try:
    load_dataset("vlit/ciem")
except Exception as error:
    print(json.dumps([ids, type(error).__name__]))
"""


def test_load_dataset_fetches_what_no_data_dir_gives(hub: LocalHub, tmp_path: Path) -> None:
    text = json.dumps({"annotations": [{"image_id": "1", "caption": "A cup."}]})
    publish(hub, "Vision-CAIR/cc_sbu_align", {"filter_cap.json": text.encode()}, tmp_path / "release")
    own = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", f"import json\n{LOADED}"], env=os.environ | own, capture_output=True, text=True
    )
    assert done.stdout.strip() == '[["filter_cap:0"], "MissingFiles"]', done.stderr[-2000:]


def test_the_command_line(hub: LocalHub, tmp_path: Path) -> None:
    pets = registry.get("cc-sbu-align")
    publish(hub, pets.hub_id, {"filter_cap.json": b'{"annotations": []}'}, tmp_path / "release")
    own = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
    environment = {**os.environ, **own}
    main = [sys.executable, "-c", "from vlit_hub.cli import main; main()"]
    command = [*main, "download", pets.name, "--raw", str(tmp_path / "raw"), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    told = json.loads(done.stdout)
    assert (told["fetched"], told["bytes"], told["obtain"]) == (["filter_cap.json"], 19, pets.obtain), done.stderr
    command[4] = "ciem"
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "write to the authors" in json.loads(done.stdout)["error"]
