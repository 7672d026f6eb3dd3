"""Pushes of a folder through the real client to the local Hub over a socket: no mocks."""

import json
import logging
import os
import random
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.utils import logging as hub_logging
from typer.testing import CliRunner

from tests.publishing import made
from vlit_hub.cli import app
from vlit_hub.publishing import push_client, push_errors, push_files
from vlit_hub.publishing.export import OWNED
from vlit_hub.publishing.local_hub import LocalHub
from vlit_hub.publishing.push import PushReport, push_folder
from vlit_hub.publishing.push_errors import PushError
from vlit_hub.publishing.rendering import REPO
from vlit_hub.shards.manifest import load
from vlit_hub.shards.writer import drop_split

TOKEN = "hf_ada_write"
PATHS = ["README.md", "a.png", "data/b.png", "data/notes.txt", "data/train.tar"]


def push(hub, folder, repo_id="ada/pets", repo_type="dataset", *, token=TOKEN, message="Publish", **settings):
    return push_folder(
        folder, repo_id, repo_type, endpoint=hub.endpoint, token=token, commit_message=message, **settings
    )


def tree(api, revision=None, repo_id="ada/pets", repo_type="dataset"):
    files = api.list_repo_files(repo_id, repo_type=repo_type, revision=revision)
    return [path for path in files if path != ".gitattributes"]


def content(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def size(folder):
    return sum(map(len, content(folder).values()))


def writes(hub):
    return {key: count for key, count in hub.requests.items() if key[0] not in ("GET", "HEAD")}


@pytest.mark.parametrize(("repo_type", "prefix"), [("dataset", "datasets/"), ("model", "")])
def test_a_folder_is_one_commit_with_the_same_bytes(hub, ada, folder, tmp_path, repo_type, prefix):
    report = push(hub, folder, "pets", repo_type, private=True)
    head = ada.repo_info("ada/pets", repo_type=repo_type)
    assert report == PushReport(
        repo_id="ada/pets",
        repo_type=repo_type,
        commit_url=f"{hub.endpoint}/{prefix}ada/pets/commit/{head.sha}",
        oid=head.sha,
        pr_url="",
        tag="",
        files=5,
        bytes=size(folder),
        sent=tuple(PATHS),
        skipped=0,
        skipped_bytes=0,
        deleted=(),
        stale=(),
        dry_run=False,
    )
    assert head.private is True
    history = ada.list_repo_commits("ada/pets", repo_type=repo_type)
    assert [commit.title for commit in history] == ["Publish", "initial commit"]
    back = Path(ada.snapshot_download("ada/pets", repo_type=repo_type, cache_dir=tmp_path / "cache"))
    assert {path: data for path, data in content(back).items() if path != ".gitattributes"} == content(folder)


def test_only_what_changed_is_sent_again(hub, ada, folder):
    first = push(hub, folder)
    before = writes(hub)
    same = push(hub, folder)
    assert (same.oid, same.skipped, same.skipped_bytes) == (first.oid, 5, size(folder))
    assert writes(hub) == before
    (folder / "data" / "train.tar").write_bytes(b"\0new")
    (folder / "a.png").unlink()
    (folder / "data" / "c.png").write_bytes((folder / "data" / "b.png").read_bytes())
    report = push(hub, folder)
    assert (report.files, report.skipped, report.stale) == (5, 3, ("a.png",))
    assert hub.requests["PUT", "lfs-put"] - before["PUT", "lfs-put"] == 1  # c.png has the bytes of b.png
    assert tree(ada) == sorted([*PATHS, "data/c.png"])
    assert len(ada.list_repo_commits("ada/pets", repo_type="dataset")) == 3


def test_what_an_earlier_export_left_goes_in_the_same_commit(hub, ada, folder, no_waiting):
    exported = ["data/default/train-00000-of-00002.parquet", "data/default/train-00001-of-00002.parquet",
                "shards/a-default-train-000001.tar", "shards/index/a-default-train/rows.npy"]  # fmt: skip
    others = ["data/default/notes.parquet", "mine/train-00000-of-00001.parquet", "shards/mine.tar"]
    for path in (*exported, *others):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)
    push(hub, folder)
    for path in (*exported, *others):
        (folder / path).unlink()
    assert push(hub, folder).stale == tuple(sorted([*exported, *others]))
    told = push(hub, folder, owned=OWNED, dry_run=True)
    assert (told.deleted, told.stale) == (tuple(exported), tuple(others))
    assert len(tree(ada)) == len(PATHS) + 7
    hub.faults = lambda method, route, count: 503 if route == "commit" and count == 1 else None
    hub.requests.clear()
    report = push(hub, folder, owned=OWNED, message="Tidy")
    assert (report.deleted, report.stale, report.skipped) == (tuple(exported), tuple(others), len(PATHS))
    assert tree(ada) == sorted([*PATHS, *others])
    titles = [commit.title for commit in ada.list_repo_commits("ada/pets", repo_type="dataset")]
    assert titles == ["Tidy", "Publish", "initial commit"]


def test_a_name_alone_is_completed_before_the_card_is_made(hub, ada, tmp_path):
    made.write(tmp_path / "shards")
    arguments = ["--endpoint", hub.endpoint, "--token", TOKEN, "--json"]
    done = CliRunner().invoke(app(), ["push", str(tmp_path / "shards"), "pets", *arguments])
    assert done.exit_code == 0 and json.loads(done.stdout)["repo_id"] == "ada/pets"
    card = Path(ada.hf_hub_download("ada/pets", "README.md", repo_type="dataset", cache_dir=tmp_path / "c")).read_text()
    assert set(re.findall(r'load_dataset\("([^"]+)"', card)) == {"ada/pets", "webdataset"}
    first = {path for path in tree(ada) if path.startswith(("data/", "shards/"))}
    drop_split(tmp_path / "shards", next(s.prefix for s in load(tmp_path / "shards").splits if s.subset != "default"))
    done = CliRunner().invoke(app(), ["push", str(tmp_path / "shards"), "ada/pets", *arguments])
    found = json.loads(done.stdout)
    assert found["stale"] == [] and set(found["deleted"]) == first - set(tree(ada))
    assert {path.split("/")[0] for path in found["deleted"]} == {"data", "shards"}
    assert not [path for path in tree(ada) if "detail" in path]


def test_a_model_card_without_a_name_gets_that_of_the_push(hub, ada, tmp_path):
    card = f'from_pretrained("{REPO}")\n'
    for name, text in (("config.json", "{}"), ("README.md", card), ("model.safetensors", "weights")):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / name).write_text(text)
    given = ["push", str(tmp_path / "model"), "tiny", "--endpoint", hub.endpoint, "--token", TOKEN, "--json"]
    done = CliRunner().invoke(app(), given)
    assert done.exit_code == 0, done.output
    pushed = Path(ada.hf_hub_download("ada/tiny", "README.md", cache_dir=tmp_path / "c")).read_text()
    assert 'from_pretrained("ada/tiny")' in pushed and (tmp_path / "model" / "README.md").read_text() == card


def test_dry_run_sends_nothing(hub, ada, folder):
    report = push(hub, folder, dry_run=True, revision="dev")
    assert (report.files, report.skipped, report.oid, report.commit_url, report.dry_run) == (5, 0, "", "", True)
    assert writes(hub) == {}
    push(hub, folder)
    before = writes(hub)
    (folder / "data" / "notes.txt").write_text("other")
    report = push(hub, folder, dry_run=True, revision="dev")
    assert (report.files, report.skipped) == (5, 4)
    assert writes(hub) == before


def test_branch_and_pull_request(hub, ada, bob, folder):
    first = push(hub, folder)
    (folder / "new.txt").write_text("new")
    on_dev = push(hub, folder, revision="dev")
    assert (on_dev.skipped, on_dev.pr_url) == (5, "")
    assert tree(ada, "dev") == sorted([*PATHS, "new.txt"])
    proposed = push(hub, folder, token="hf_bob_write", create_pr=True)
    assert proposed.pr_url == f"{hub.endpoint}/datasets/ada/pets/discussions/1"
    assert tree(ada, "refs/pr/1") == sorted([*PATHS, "new.txt"])
    assert (tree(ada), ada.dataset_info("ada/pets").sha) == (PATHS, first.oid)
    (folder / "more.txt").write_text("more")
    push(hub, folder, token="hf_bob_write", revision="refs/pr/1")
    assert tree(ada, "refs/pr/1") == sorted([*PATHS, "more.txt", "new.txt"])
    with pytest.raises(ValueError, match="leave out revision"):
        push(hub, folder, revision="dev", create_pr=True)


REFUSED = [
    ({"token": None}, "NoToken", "hf auth login"),
    ({"token": "hf_unknown"}, "BadToken", "does not know this token"),
    ({"token": "hf_ada_read"}, "ReadOnlyToken", "write rights"),
    ({"token": "hf_bob_write"}, "NotYourRepo", "push to bob/pets, or propose a pull request"),
    ({"repo_id": "ada/nothing", "create_pr": True}, "NotYourRepo", "does not exist"),
    ({"token": "hf_bob_write", "create_pr": True}, "GatedRepo", "ask for access"),
    ({"private": True}, "NotPrivate", "is public"),
    ({"repo_id": "ada/pe ts"}, "BadRepoName", "alphanumeric"),
    ({"repo_id": "ada/pets..x"}, "BadRepoName", "Use NAMESPACE/NAME"),
]


@pytest.mark.parametrize(("settings", "error", "remedy"), REFUSED)
def test_refusals_have_names_and_change_nothing(hub, ada, folder, settings, error, remedy):
    before = push(hub, folder).oid
    ada.update_repo_settings("ada/pets", repo_type="dataset", gated="manual")
    (folder / "new.txt").write_text("new")
    with pytest.raises(getattr(push_errors, error), match=remedy) as raised:
        push(hub, folder, **settings)
    assert isinstance(raised.value, PushError)
    assert ada.dataset_info("ada/pets").sha == before
    refs = ada.list_repo_refs("ada/pets", repo_type="dataset", include_pull_requests=True)
    assert ([ref.name for ref in refs.branches], refs.pull_requests) == (["main"], [])


def test_folders_that_cannot_be_published(hub, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    for bad, reason in ((tmp_path / "empty", "holds no files"), (tmp_path / "missing", "is no folder")):
        with pytest.raises(push_errors.BadFolder, match=reason):
            push(hub, bad)
    for link, target in ((folder / "link.txt", tmp_path / "secret.txt"), (folder / "more", tmp_path / "empty")):
        link.symlink_to(target)
        with pytest.raises(push_errors.BadFolder, match="is a link"):
            push(hub, folder)
        link.unlink()
    assert sum(hub.requests.values()) == 0


def test_limits_are_checked_before_anything_is_sent(hub, folder, monkeypatch):
    monkeypatch.setattr(push_files, "MAX_ENTRIES", 3)
    with pytest.raises(
        push_errors.LimitExceeded, match="3 entries in folder '.'; .* use larger shards or more folders"
    ):
        push(hub, folder)
    monkeypatch.setattr(push_files, "MAX_ENTRIES", 4)
    monkeypatch.setattr(push_files, "MAX_FILES", 5)
    with pytest.raises(push_errors.LimitExceeded, match="5 files; .* use larger shards"):
        push(hub, folder)
    assert writes(hub) == {}
    monkeypatch.setattr(push_files, "MAX_FILES", 7)
    assert push(hub, folder).files == 5
    for name in ("c.txt", "README.md"):  # counted together with what the repository holds
        (folder / name).rename(folder / "d.txt") if name == "README.md" else (folder / name).write_text("c")
    with pytest.raises(push_errors.LimitExceeded):
        push(hub, folder)


def test_a_card_with_bad_metadata_is_refused(hub, ada, folder):
    before = push(hub, folder).oid
    (folder / "README.md").write_text("---\nlicense: [\n---\n")
    with pytest.raises(push_errors.CardRejected, match="Invalid YAML"):
        push(hub, folder)
    assert ada.dataset_info("ada/pets").sha == before


@pytest.mark.parametrize("step", ["compare", "upload", "commit"])
def test_a_push_that_stops_leaves_main_and_the_next_one_continues(hub, ada, folder, step):
    push(hub, folder, dry_run=True)
    ada.create_repo("ada/pets", repo_type="dataset")
    before = ada.dataset_info("ada/pets").sha

    def stop(name, done, total):
        if name == step and (name != "upload" or done):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        push(hub, folder, on_progress=stop)
    assert (tree(ada), ada.dataset_info("ada/pets").sha) == ([], before)
    assert push(hub, folder).skipped == 0
    assert tree(ada) == PATHS
    assert hub.requests["PUT", "lfs-put"] == 2  # never sent twice


def test_progress_reaches_the_end(hub, folder):
    seen = []
    push(hub, folder, on_progress=lambda *step: seen.append(step))
    total = size(folder)
    assert seen == [
        ("compare", 0, total),
        ("upload", 0, total),
        ("upload", total, total),
        ("commit", 0, total),
        ("verify", 0, total),
    ]


def test_a_difference_after_the_commit_is_reported(hub, folder):
    def tamper(step, done, total):
        if step == "verify":
            (folder / "data" / "notes.txt").write_bytes(b"Hello!\n")

    with pytest.raises(push_errors.ChecksumMismatch, match="1 files differ .* data/notes.txt"):
        push(hub, folder, on_progress=tamper)


def once(status):
    """The first request of every route fails."""
    return lambda method, route, count: status if count == 1 else None


@pytest.mark.parametrize("create_pr", [False, True])
@pytest.mark.parametrize("status", [429, 503, 0])
def test_faults_are_retried_and_nothing_is_committed_twice(tmp_path, folder, no_waiting, status, create_pr):
    with LocalHub(tmp_path / "hub", {TOKEN: "write"}, faults=once(status)) as hub:
        api = HfApi(hub.endpoint, token=TOKEN)
        if create_pr:
            hub.faults = None
            api.create_repo("local/pets", repo_type="dataset")
            hub.requests.clear()
            hub.faults = once(status)
        report = push(hub, folder, "local/pets", create_pr=create_pr)
        hub.faults = None
        revision = "refs/pr/1" if create_pr else "main"
        assert tree(api, revision, "local/pets") == PATHS
        history = api.list_repo_commits("local/pets", repo_type="dataset", revision=revision)
        assert [commit.title for commit in history] == ["Publish", "initial commit"]
        refs = api.list_repo_refs("local/pets", repo_type="dataset", include_pull_requests=True)
        assert [ref.ref for ref in refs.pull_requests] == (["refs/pr/1"] if create_pr else [])
        assert report.oid == history[0].commit_id
        assert report.pr_url.endswith("/discussions/1") is create_pr


def test_a_hub_that_stays_down_is_named(tmp_path, folder, no_waiting):
    with LocalHub(tmp_path / "hub", {TOKEN: "write"}, faults=lambda *request: 503) as hub:
        with pytest.raises(push_errors.HubUnavailable, match="still answers 503"):
            push(hub, folder, "local/pets")
        assert hub.requests == {("GET", "whoami"): push_client.ATTEMPTS}
    with pytest.raises(push_errors.HubUnavailable, match="No connection to the Hub"):
        push(hub, folder, "local/pets")


def test_the_token_is_never_written(tmp_path, folder, no_waiting, capfd, caplog):
    token = "hf_" + "".join(random.Random(0).choices("abcdefghij", k=30))
    hub_logging.set_verbosity_debug()
    caplog.set_level(logging.DEBUG)
    try:
        with LocalHub(tmp_path / "hub", {token: "write"}, faults=once(503)) as hub:
            report = push(hub, folder, "local/pets", token=token)
            (folder / "README.md").write_text("---\na: [\n---\n")
            errors = []
            for settings in ({"repo_id": "local/pets"}, {"repo_id": "eve/pets"}, {"repo_id": "a b"}):
                with pytest.raises(PushError) as raised:
                    push(hub, folder, token=token, **settings)
                errors.append(repr(raised.value))
    finally:
        hub_logging.set_verbosity_warning()
    out, err = capfd.readouterr()
    assert token not in out + err + caplog.text + repr(report) + "".join(errors)
    on_disk = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in on_disk if token.encode() in path.read_bytes()]


def test_xet_is_off_on_loopback_only_while_pushing(hub, folder, monkeypatch):
    monkeypatch.setattr(push_client.constants, "HF_HUB_DISABLE_XET", False)
    assert push(hub, folder).files == 5
    assert push_client.constants.HF_HUB_DISABLE_XET is False
    for endpoint, off in (("https://huggingface.co", False), ("http://localhost:1", True), ("http://[::1]:1", True)):
        with push_client.client_set(endpoint, quiet=False):
            assert push_client.constants.HF_HUB_DISABLE_XET is off


def test_git_and_cache_folders_stay_at_home(hub, ada, folder):
    for name in (".git", ".cache/huggingface"):
        os.makedirs(folder / name)
        (folder / name / "x").write_text("x")
    assert push(hub, folder).files == 5
    assert tree(ada) == PATHS


def test_the_wait_is_what_the_hub_asks_for():
    assert push_client._seconds("120") == 120.0
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < push_client._seconds(date) < 91
    assert [push_client._seconds(odd) for odd in ("Wed, 21 Oct 2015 07:28:00 GMT", "soon", "-5")] == [0.0, 0.0, 0.0]
