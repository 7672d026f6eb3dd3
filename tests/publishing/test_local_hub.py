"""The real client against the local Hub over a socket: no mocks."""

import hashlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx2
import pytest
from httpx2 import HTTPError
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi, HfFileSystem
from huggingface_hub.errors import (
    BadRequestError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from vlit_hub.publishing.local_hub import CUT, RESET, SHORT, Faults, LocalHub

BINARY = bytes(range(256)) * 40
REPO = {"repo_id": "ada/pets", "repo_type": "dataset"}


def add(path, content):
    return CommitOperationAdd(path, content)


def files(api, revision=None, repo=REPO):
    return [path for path in api.list_repo_files(**repo, revision=revision) if path != ".gitattributes"]


def raw(hub, method, path, body=b"", token="hf_ada_write"):
    """A request that no client would send. Returns status, headers, body."""
    connection = http.client.HTTPConnection(hub.endpoint.removeprefix("http://"), timeout=10)
    connection.putrequest(method, path, skip_accept_encoding=True)
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def ndjson(*lines):
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


HEADER = {"key": "header", "value": {"summary": "by hand", "description": ""}}


@pytest.fixture
def pets(ada):
    ada.create_repo(**REPO)
    return ada.create_commit(
        **REPO, operations=[add("README.md", b"# Pets\n"), add("data/a.bin", BINARY)], commit_message="first"
    )


def test_upload_folder_comes_back_byte_for_byte(hub, ada, folder, tmp_path):
    ada.create_repo("ada/model")
    ada.upload_folder(repo_id="ada/model", folder_path=folder)
    sent = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    back = Path(ada.snapshot_download("ada/model", cache_dir=tmp_path / "cache"))
    got = {str(path.relative_to(back)): path.read_bytes() for path in back.rglob("*") if path.is_file()}
    got.pop(".gitattributes")
    assert got == sent
    lfs = {e.path: e.lfs.sha256 for e in ada.list_repo_tree("ada/model", recursive=True) if getattr(e, "lfs", None)}
    assert lfs == {path: hashlib.sha256(sent[path]).hexdigest() for path in ("a.png", "data/b.png", "data/train.tar")}
    assert hub.requests["PUT", "lfs-put"] == 2  # the two pictures are one object


def test_info_tree_and_paths_info(ada, pets):
    info = ada.dataset_info("ada/pets", files_metadata=True)
    assert (info.id, info.author, info.sha, info.private, info.gated) == ("ada/pets", "ada", pets.oid, False, False)
    assert [(s.rfilename, s.size) for s in info.siblings][1:] == [("README.md", 7), ("data/a.bin", len(BINARY))]
    top = list(ada.list_repo_tree(**REPO))
    assert [entry.path for entry in top] == [".gitattributes", "README.md", "data"]
    below = list(ada.list_repo_tree(**REPO, path_in_repo="data"))
    assert [(entry.path, entry.size) for entry in below] == [("data/a.bin", len(BINARY))]
    assert below[0].lfs.sha256 == hashlib.sha256(BINARY).hexdigest()
    found = ada.get_paths_info(**REPO, paths=["data", "data/a.bin", "nowhere"])
    assert [entry.path for entry in found] == ["data", "data/a.bin"]
    with pytest.raises(RemoteEntryNotFoundError):
        list(ada.list_repo_tree(**REPO, path_in_repo="nowhere"))
    with pytest.raises(RevisionNotFoundError):
        ada.dataset_info("ada/pets", revision="nowhere")


def test_card_data_is_read_from_the_readme(ada):
    ada.create_repo(**REPO)
    card = b"---\nlicense: mit\nconfigs:\n- config_name: x\n  size: 3\n---\n# Pets\n"
    ada.create_commit(**REPO, operations=[add("README.md", card)], commit_message="card")
    data = ada.dataset_info("ada/pets").card_data.to_dict()
    assert (data["license"], data["configs"]) == ("mit", [{"config_name": "x", "size": 3}])
    with pytest.raises(ValueError, match="Invalid metadata in README.md"):
        ada.create_commit(**REPO, operations=[add("README.md", b"---\na: [\n---\n")], commit_message="bad")


def test_identical_content_is_neither_uploaded_nor_committed_again(hub, ada, pets):
    before = hub.requests.copy()
    again = ada.create_commit(
        **REPO, operations=[add("README.md", b"# Pets\n"), add("data/a.bin", BINARY)], commit_message="again"
    )
    assert again.oid == pets.oid
    assert hub.requests["PUT", "lfs-put"] == before["PUT", "lfs-put"]
    assert hub.requests["POST", "commit"] == before["POST", "commit"]


def test_delete_copy_and_history(ada, pets):
    ada.create_commit(
        **REPO,
        operations=[CommitOperationCopy("data/a.bin", "copy.bin"), CommitOperationDelete("data/")],
        commit_message="second",
        commit_description="moved",
    )
    assert files(ada) == ["README.md", "copy.bin"]
    history = ada.list_repo_commits(**REPO)
    assert [(c.title, c.message, c.authors) for c in history] == [
        ("second", "moved", ["ada"]),
        ("first", "", ["ada"]),
        ("initial commit", "", ["ada"]),
    ]
    assert history[1].commit_id == pets.oid
    with pytest.raises(RemoteEntryNotFoundError):
        ada.delete_file("nowhere.txt", **REPO)


def test_branch_tag_and_revision_download(ada, pets, tmp_path):
    ada.create_branch(**REPO, branch="dev")
    ada.create_tag(**REPO, tag="v1.0", tag_message="one")
    on_dev = ada.create_commit(**REPO, operations=[add("new.txt", b"dev")], commit_message="dev", revision="dev")
    refs = ada.list_repo_refs(**REPO)
    assert {ref.name: ref.target_commit for ref in refs.branches} == {"dev": on_dev.oid, "main": pets.oid}
    assert {ref.name: ref.target_commit for ref in refs.tags} == {"v1.0": pets.oid}
    for revision, expected in (("main", 2), ("v1.0", 2), (pets.oid, 2), ("dev", 3), (on_dev.oid, 3)):
        assert len(files(ada, revision)) == expected
    path = ada.hf_hub_download(**REPO, filename="new.txt", revision="dev", cache_dir=tmp_path / "cache")
    assert Path(path).read_bytes() == b"dev"
    with pytest.raises(RemoteEntryNotFoundError):
        ada.hf_hub_download(**REPO, filename="new.txt", cache_dir=tmp_path / "cache")
    with pytest.raises(HfHubHTTPError, match="409"):
        ada.create_branch(**REPO, branch="dev")
    with pytest.raises(HfHubHTTPError, match="403"):
        ada.delete_branch(**REPO, branch="main")
    ada.delete_branch(**REPO, branch="dev")
    ada.delete_tag(**REPO, tag="v1.0")
    assert [ref.name for ref in ada.list_repo_refs(**REPO).branches] == ["main"]
    assert ada.list_repo_refs(**REPO).tags == []


def test_anybody_may_propose_a_pull_request(hub, ada, bob, pets, tmp_path):
    proposed = bob.create_commit(**REPO, operations=[add("b.bin", BINARY[::-1])], commit_message="idea", create_pr=True)
    assert (proposed.pr_num, proposed.pr_revision) == (1, "refs/pr/1")
    assert proposed.pr_url == f"{hub.endpoint}/datasets/ada/pets/discussions/1"
    assert ada.dataset_info("ada/pets").sha == pets.oid
    assert files(ada, "refs/pr/1") == ["README.md", "b.bin", "data/a.bin"]
    more = bob.create_commit(**REPO, operations=[add("c.txt", b"c")], commit_message="more", revision="refs/pr/1")
    refs = ada.list_repo_refs(**REPO, include_pull_requests=True)
    assert {ref.ref: ref.target_commit for ref in refs.pull_requests} == {"refs/pr/1": more.oid}
    second = ada.create_commit(**REPO, operations=[add("d.txt", b"d")], commit_message="x", create_pr=True)
    assert second.pr_num == 2


def test_range_reads(hub, ada, pets):
    fs = HfFileSystem(endpoint=hub.endpoint, token="hf_ada_write", skip_instance_cache=True)
    assert fs.ls("datasets/ada/pets/data", detail=False) == ["datasets/ada/pets/data/a.bin"]
    with fs.open("datasets/ada/pets/data/a.bin", block_size=1024, cache_type="none") as file:
        file.seek(5000)
        assert file.read(300) == BINARY[5000:5300]
        file.seek(-5, 2)
        assert file.read() == BINARY[-5:]
    assert fs.cat_file("datasets/ada/pets@main/data/a.bin", start=3, end=9) == BINARY[3:9]
    url = "/datasets/ada/pets/resolve/main/data/a.bin"
    connection = http.client.HTTPConnection(hub.endpoint.removeprefix("http://"))
    connection.request("GET", url, headers={"Range": "bytes=-4"})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (206, BINARY[-4:])
    assert answer.headers["Content-Range"] == f"bytes {len(BINARY) - 4}-{len(BINARY) - 1}/{len(BINARY)}"
    assert answer.headers["ETag"] == answer.headers["X-Linked-ETag"] == f'"{hashlib.sha256(BINARY).hexdigest()}"'
    assert (answer.headers["X-Repo-Commit"], answer.headers["X-Linked-Size"]) == (pets.oid, str(len(BINARY)))
    connection.request("GET", url, headers={"Range": f"bytes={len(BINARY)}-"})
    assert connection.getresponse().status == 416


def test_pages_of_a_large_tree(hub, ada):
    ada.create_repo(**REPO)
    names = [f"d/{number:04}.txt" for number in range(2500)]
    ada.create_commit(**REPO, operations=[add(name, b"x") for name in names], commit_message="many")
    before = hub.requests["GET", "tree"]
    assert files(ada) == names
    assert hub.requests["GET", "tree"] - before == 3  # pages of 1,000


def test_private_looks_missing_to_others(hub, ada, bob, tmp_path):
    ada.create_repo(**REPO, private=True)
    ada.create_commit(**REPO, operations=[add("x.txt", b"x")], commit_message="x")
    for token, status in ((False, 401), ("hf_bob_write", 404)):
        api = HfApi(hub.endpoint, token=token)
        for repo_id in ("ada/pets", "ada/nothing"):
            with pytest.raises(RepositoryNotFoundError) as error:
                api.dataset_info(repo_id)
            assert error.value.response.status_code == status
        with pytest.raises(RepositoryNotFoundError):
            api.hf_hub_download(**REPO, filename="x.txt", cache_dir=tmp_path / "cache")
    reader = HfApi(hub.endpoint, token="hf_ada_read")
    path = reader.hf_hub_download(**REPO, filename="x.txt", cache_dir=tmp_path / "cache")
    assert Path(path).read_bytes() == b"x"


def test_gated_shows_its_list_but_no_file(ada, bob, pets, tmp_path):
    ada.update_repo_settings(**REPO, gated="auto")
    assert bob.dataset_info("ada/pets").gated == "auto"
    assert files(bob) == ["README.md", "data/a.bin"]
    with pytest.raises(GatedRepoError) as error:
        bob.hf_hub_download(**REPO, filename="README.md", cache_dir=tmp_path / "cache")
    assert error.value.response.status_code == 403
    assert (
        Path(ada.hf_hub_download(**REPO, filename="README.md", cache_dir=tmp_path / "c2")).read_bytes() == b"# Pets\n"
    )


@pytest.mark.parametrize(
    ("token", "status"), [(False, 401), ("hf_unknown", 401), ("hf_ada_read", 403), ("hf_bob_write", 403)]
)
def test_who_may_not_write(hub, ada, pets, token, status):
    api = HfApi(hub.endpoint, token=token)
    attempts = [
        lambda: api.create_commit(**REPO, operations=[add("x.txt", b"x")], commit_message="x"),
        lambda: api.create_repo("ada/other"),
        lambda: api.delete_repo(**REPO),
        lambda: api.create_branch(**REPO, branch="mine"),
        lambda: api.create_tag(**REPO, tag="mine"),
        lambda: api.update_repo_settings(**REPO, private=True),
    ]
    for attempt in attempts:
        with pytest.raises(HfHubHTTPError) as error:
            attempt()
        assert error.value.response.status_code == status
    assert ada.dataset_info("ada/pets").sha == pets.oid


def test_organisations_and_delete(ada, bob):
    ada.create_repo("lab/shared")
    assert ada.repo_exists("lab/shared")
    with pytest.raises(HfHubHTTPError, match="409"):
        ada.create_repo("lab/shared")
    ada.delete_repo("lab/shared")
    assert not ada.repo_exists("lab/shared")
    assert ada.create_repo("lab/shared").repo_id == "lab/shared"


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a/../../x", "a//x", "./x", "a\\..\\x", ".git/config", "a\0b", "", "a/"]
)
def test_paths_stay_inside(hub, ada, pets, path, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    body = ndjson(HEADER, {"key": "file", "value": {"path": path, "content": "IyBQZXRzCg==", "encoding": "base64"}})
    status, headers, _ = raw(hub, "POST", "/api/datasets/ada/pets/commit/main", body)
    assert (status, headers["x-error-message"][:12]) == (400, "Invalid path")
    assert sorted(tmp_path.rglob("*")) == before
    assert ada.dataset_info("ada/pets").sha == pets.oid


@pytest.mark.parametrize(
    "path",
    [
        "/datasets/ada/pets/resolve/main/../../../../repo.json",
        "/datasets/ada/pets/resolve/main/..%2f..%2frepo.json",
        "/datasets/ada/pets/resolve/main/%2e%2e/%2e%2e/refs.json",
        "/datasets/ada/pets/resolve/..%2f..%2frefs/README.md",
        "/datasets/ada/..%2fada%2fpets/resolve/main/README.md",
        "/api/datasets/..%2f../hub/tree/main",
        "/lfs/..%2f..%2fx/1/ticket",
    ],
)
def test_no_address_leads_outside(hub, pets, path):
    status, _, body = raw(hub, "PUT" if path.startswith("/lfs") else "GET", path)
    assert status in (400, 403, 404)
    assert b"refs/heads" not in body and b"private" not in body


def test_bad_names_are_refused(hub, ada, pets):
    for name in ("..", ".", "a..b", "-x", "x.git", "a/b"):
        body = json.dumps({"name": name, "organization": "ada", "type": "dataset"}).encode()
        assert raw(hub, "POST", "/api/repos/create", body)[0] == 400
    for branch in ("a..%2f..%2fb%20c", "refs%2Fheads%2Fx", "%2e%2e"):
        assert raw(hub, "POST", f"/api/datasets/ada/pets/branch/{branch}", b"{}")[0] == 400


def test_a_commit_cut_in_the_middle_leaves_main_unchanged(hub, ada, pets):
    line = ndjson(HEADER, {"key": "file", "value": {"path": "x.txt", "content": "eA==", "encoding": "base64"}})
    host, port = hub.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /api/datasets/ada/pets/commit/main HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Authorization: Bearer hf_ada_write\r\nContent-Length: 9999\r\n\r\n" + line
        )
    assert ada.dataset_info("ada/pets").sha == pets.oid
    assert files(ada) == ["README.md", "data/a.bin"]
    assert ada.create_commit(**REPO, operations=[add("x.txt", b"x")], commit_message="x").oid != pets.oid


def test_a_commit_of_what_was_not_uploaded_is_refused_whole(hub, ada, pets):
    good = {"key": "file", "value": {"path": "x.txt", "content": "eA==", "encoding": "base64"}}
    for bad in (
        {"key": "lfsFile", "value": {"path": "y.bin", "algo": "sha256", "oid": "0" * 64, "size": 1}},
        {"key": "deletedFile", "value": {"path": "nowhere"}},
        {"key": "file", "value": {"path": "x.txt/below", "content": "eA==", "encoding": "base64"}},
        {"key": "strange", "value": {}},
    ):
        status = raw(hub, "POST", "/api/datasets/ada/pets/commit/main", ndjson(HEADER, good, bad))[0]
        assert status == (404 if bad["key"] == "deletedFile" else 400)
    assert raw(hub, "POST", "/api/datasets/ada/pets/commit/main", ndjson(good))[0] == 400  # no summary
    assert ada.dataset_info("ada/pets").sha == pets.oid
    with pytest.raises(HfHubHTTPError, match="412"):
        ada.create_commit(**REPO, operations=[add("x", b"x")], commit_message="x", parent_commit="0" * 40)


def test_lfs_takes_only_the_bytes_announced(hub, ada, pets):
    oid = hashlib.sha256(b"right").hexdigest()
    batch = json.dumps({"operation": "upload", "objects": [{"oid": oid, "size": 5}]}).encode()
    answer = json.loads(raw(hub, "POST", "/datasets/ada/pets.git/info/lfs/objects/batch", batch)[2])
    path = answer["objects"][0]["actions"]["upload"]["href"].removeprefix(hub.endpoint)
    for body in (b"wrong", b"righ", b"right and more"):
        assert raw(hub, "PUT", path, body)[0] == 400
    assert raw(hub, "PUT", path[:-1], b"right")[0] == 403
    assert raw(hub, "POST", "/lfs/verify", json.dumps({"oid": oid, "size": 5}).encode())[0] == 400
    assert raw(hub, "PUT", path, b"right")[0] == 200
    assert raw(hub, "POST", "/lfs/verify", json.dumps({"oid": oid, "size": 5}).encode())[0] == 200
    assert raw(hub, "POST", "/lfs/verify", json.dumps({"oid": oid, "size": 6}).encode())[0] == 422


def test_loopback_only_and_one_server_a_folder(hub, ada, pets, tmp_path):
    for host in ("0.0.0.0", "::", "192.168.0.1", "example.org", ""):
        with pytest.raises(ValueError, match="listens on 127.0.0.1 or localhost only"):
            LocalHub(tmp_path / "other", host=host)
    with pytest.raises(RuntimeError, match="another process serves"), LocalHub(tmp_path / "hub"):
        pass
    connection = http.client.HTTPConnection(hub.endpoint.removeprefix("http://"))
    connection.request("GET", "/api/datasets/ada/pets", headers={"Host": "evil.example"})
    assert connection.getresponse().status == 400


def test_a_restart_finds_everything_and_no_token_on_disk(tmp_path):
    with LocalHub(tmp_path / "hub") as hub:
        api = HfApi(hub.endpoint, token="hf_local_write")
        api.create_repo("local/m")
        oid = api.create_commit("local/m", [add("a.bin", BINARY)], commit_message="x").oid
    with LocalHub(tmp_path / "hub") as hub:
        api = HfApi(hub.endpoint, token=False)
        assert api.model_info("local/m").sha == oid
        fs = HfFileSystem(endpoint=hub.endpoint, token=False, skip_instance_cache=True)
        assert fs.cat_file("local/m/a.bin") == BINARY
        assert "hf_local_write" not in repr(vars(hub)) + repr(vars(hub._gate))
    assert not any(b"hf_local_write" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize("status", [429, 503, 0])
def test_downloads_survive_faults(status, tmp_path, no_waiting):
    faults = Faults(status, every=2, routes=("resolve",))
    with LocalHub(tmp_path / "hub", faults=faults) as hub:
        api = HfApi(hub.endpoint, token="hf_local_write")
        api.create_repo("local/m")
        api.create_commit("local/m", [add("a.bin", BINARY), add("b.txt", b"b")], commit_message="x")
        fs = HfFileSystem(endpoint=hub.endpoint, token=False, skip_instance_cache=True)
        for path, content in (("a.bin", BINARY), ("b.txt", b"b")):
            with fs.open(f"local/m/{path}", block_size=2**20, cache_type="none") as file:
                assert file.read(len(content)) == content
        assert hub.requests["GET", "resolve"] == 3  # the second one failed


SERVE = """
import sys
from vlit_hub.publishing.local_hub import serve
serve(sys.argv[1], port=0, on_ready=lambda hub: print(hub.endpoint, flush=True))
"""


def test_kill_9_leaves_whole_commits(tmp_path):
    root = tmp_path / "hub"
    server = subprocess.Popen([sys.executable, "-c", SERVE, str(root)], stdout=subprocess.PIPE, text=True)
    endpoint = server.stdout.readline().strip()
    api = HfApi(endpoint, token="hf_local_write")
    api.create_repo("local/m")
    acknowledged, killed = [], threading.Event()

    def push():
        while not killed.is_set():
            number = len(acknowledged)
            operations = [add(f"{number}/{i}.bin", os.urandom(2000)) for i in range(5)]
            try:
                acknowledged.append(api.create_commit("local/m", operations, commit_message=str(number)).oid)
            except HTTPError:
                return

    thread = threading.Thread(target=push)
    thread.start()
    while len(acknowledged) < 3:
        assert thread.is_alive()
    os.kill(server.pid, signal.SIGKILL)
    before = acknowledged.copy()
    killed.set()
    server.wait()
    with LocalHub(root, port=int(endpoint.split(":")[-1])) as hub:
        thread.join()
        assert hub.endpoint == endpoint
        history = [commit.commit_id for commit in api.list_repo_commits("local/m")]
        assert history[::-1][1 : len(before) + 1] == before
        fs = HfFileSystem(endpoint=hub.endpoint, token=False, skip_instance_cache=True)
        found = [e for e in api.list_repo_tree("local/m", recursive=True) if getattr(e, "lfs", None)]
        assert len(found) % 5 == 0
        for entry in found:
            content = fs.cat_file(f"local/m/{entry.path}")
            assert hashlib.sha256(content).hexdigest() == entry.lfs.sha256


def test_unknown_addresses_and_xet(hub, ada, pets):
    with pytest.raises(RepositoryNotFoundError):
        ada.model_info("gpt2")
    with pytest.raises(RepositoryNotFoundError):
        ada.hf_hub_download("gpt2", "config.json", cache_dir=hub.root / "cache")
    status, headers, _ = raw(hub, "GET", "/api/datasets/ada/pets/xet-write-token/main")
    assert (status, "HF_HUB_DISABLE_XET=1" in headers["x-error-message"]) == (400, True)
    with pytest.raises(BadRequestError):
        ada.create_repo("ada/app", repo_type="space", space_sdk="static")


PUSH = """
import datasets, torch, transformers
data = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "n": [1, 2, 3]})
data.push_to_hub("local/words", split="train", private=True)
data.select([1]).push_to_hub("local/words", "second", split="test")
torch.manual_seed(0)
config = transformers.BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
                                 intermediate_size=8)
transformers.BertModel(config).push_to_hub("local/tiny")
"""
LOAD = """
import datasets, json, torch, transformers
out = {"map": datasets.load_dataset("local/words", split="train").to_list()}
out["stream"] = list(datasets.load_dataset("local/words", split="train", streaming=True))
out["second"] = datasets.load_dataset("local/words", "second", split="test").to_list()
model = transformers.BertModel.from_pretrained("local/tiny")
torch.manual_seed(0)
fresh = transformers.BertModel(model.config)
out["equal"] = all(torch.equal(v, fresh.state_dict()[k]) for k, v in model.state_dict().items())
out["weights"] = len(model.state_dict())
print(json.dumps(out))
"""


def test_datasets_and_transformers_push_and_load_in_fresh_processes(tmp_path):
    with LocalHub(tmp_path / "hub") as hub:
        env = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": "hf_local_write"}
        for script, home in ((PUSH, "one"), (LOAD, "two")):
            done = subprocess.run(
                [sys.executable, "-c", script],
                env={**env, "HF_HOME": str(tmp_path / home)},
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, done.stderr
    rows = [{"text": "a", "n": 1}, {"text": "b", "n": 2}, {"text": "c", "n": 3}]
    out = json.loads(done.stdout)
    assert out.pop("weights") > 20
    assert out == {"map": rows, "stream": rows, "second": rows[1:2], "equal": True}


def test_a_file_object_and_an_empty_file(ada, pets, tmp_path):
    ada.upload_file(**REPO, path_or_fileobj=io.BytesIO(BINARY[::-1]), path_in_repo="o.bin")
    ada.upload_file(**REPO, path_or_fileobj=b"", path_in_repo="empty.bin")
    for name, content in (("o.bin", BINARY[::-1]), ("empty.bin", b"")):
        path = ada.hf_hub_download(**REPO, filename=name, cache_dir=tmp_path / "cache")
        assert Path(path).read_bytes() == content


REFUSED_CARDS = [
    ("license: gpl-9", '"license" must be one of'),
    ("license: other\nlicense_name: Two Words", '"license_name" must be of'),
    ("license: MIT", '"license" must be one of'),
    ("language: [en, english]", "'english' is not valid"),
    ("language: en-GB", "'en-GB' is not valid"),
    ("size_categories: [n<2K]", '"size_categories" must be one of'),
    ("base_model: a/b/c", '"base_model" with value'),
    ("tags: [1]", '"tags" must hold strings'),
    ("pretty_name: [a]", '"pretty_name" must be a string'),
    ("configs:\n- data_files: x", "config_name"),
    ("configs:\n- config_name: a b", "config_name"),
    ("configs:\n- config_name: a\n- config_name: a", "stands there twice"),
    ("configs:\n- config_name: a\n  data_files:\n  - path: x", "needs split and path"),
    ("dataset_info:\n- features:\n  - dtype: string", "features[0].name"),
    ("dataset_info:\n- splits:\n  - name: train", "needs name and num_examples"),
    ("model-index:\n- results: []", "name"),
    ("model-index:\n- name: m\n  results:\n  - task: {type: t}\n    dataset: {type: d}", "dataset.name"),
    ("model-index:\n- name: m\n  results:\n  - task: {type: t}\n    dataset: {type: d, name: n}\n"
     "    metrics:\n    - type: accuracy", "metrics[0].value"),
    ("- a", "must be a mapping"),
    ("a: [", "Invalid YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("metadata", "message"), REFUSED_CARDS)
def test_cards_that_the_hub_refuses(ada, pets, metadata, message):
    with pytest.raises(ValueError, match="Invalid metadata in README.md") as refused:
        ada.create_commit(
            **REPO, operations=[add("README.md", f"---\n{metadata}\n---\n# x\n".encode())], commit_message="x"
        )
    assert message in str(refused.value)
    assert ada.dataset_info("ada/pets").sha == pets.oid


def test_a_task_it_does_not_know_is_a_warning(ada, pets):
    card = b"---\nlicense: mit\nlanguage: [en, code]\ntask_categories: [dreaming]\n---\n"
    with pytest.warns(UserWarning, match="'dreaming' is not in the official list"):
        ada.create_commit(**REPO, operations=[add("README.md", card)], commit_message="x")


def test_pull_requests_are_listed_closed_and_merged(ada, bob, pets):
    for number in (1, 2, 3):
        bob.create_pull_request(**REPO, title=f"idea {number}")
        bob.create_commit(
            **REPO, operations=[add(f"{number}.txt", b"x")], commit_message="x", revision=f"refs/pr/{number}"
        )
    bob.change_discussion_status(**REPO, discussion_num=1, new_status="closed")
    with pytest.raises(HfHubHTTPError, match="403"):
        ada.merge_pull_request(**REPO, discussion_num=2)  # a draft
    ada.change_discussion_status(**REPO, discussion_num=2, new_status="open")
    with pytest.raises(HfHubHTTPError, match="403"):
        bob.merge_pull_request(**REPO, discussion_num=2)
    ada.merge_pull_request(**REPO, discussion_num=2)
    listed = {status: [pull.num for pull in ada.get_repo_discussions(**REPO, discussion_status=status)]
              for status in ("open", "closed")}  # fmt: skip
    assert listed == {"open": [3], "closed": [2, 1]}
    details = ada.get_discussion_details(**REPO, discussion_num=2)
    assert (details.status, details.author, details.title) == ("merged", "bob", "idea 2")
    assert details.merge_commit_oid == ada.dataset_info("ada/pets").sha
    assert files(ada) == ["2.txt", "README.md", "data/a.bin"]
    with pytest.raises(HfHubHTTPError, match="409"):
        ada.merge_pull_request(**REPO, discussion_num=1)


def test_each_reception_of_an_object_is_counted(hub, ada, pets):
    assert hub.uploads == {hashlib.sha256(BINARY).hexdigest(): 1}
    ada.create_commit(**REPO, operations=[add("again.bin", BINARY)], commit_message="x")
    assert hub.uploads == {hashlib.sha256(BINARY).hexdigest(): 1}


@pytest.mark.parametrize(("fault", "done"), [(CUT, True), (RESET, False), (SHORT, True)])
def test_faults_that_are_no_status(hub, ada, pets, fault, done):
    """What is lost and what is carried out all the same."""
    hub.faults = lambda method, route, count: fault if route == "commit" else None
    with pytest.raises(HTTPError):
        ada.create_commit(**REPO, operations=[add("x.txt", b"x")], commit_message="x")
    hub.faults = None
    assert ("x.txt" in files(ada)) is done
    url = f"{hub.endpoint}/datasets/ada/pets/resolve/main/data/a.bin"
    hub.faults = lambda method, route, count: fault
    with pytest.raises(HTTPError):
        httpx2.get(url)
    hub.faults = None
    assert httpx2.get(url).content == BINARY
