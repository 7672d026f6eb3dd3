"""A push of many commits is seen whole or not at all; kill -9 at any moment costs nothing that was finished."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from tests.publishing.test_push import PATHS, TOKEN, content, push, tree
from vlit_hub.publishing import push_errors, push_ledger, push_send
from vlit_hub.publishing.local_hub import CUT, RESET, SHORT, RandomFaults
from vlit_hub.publishing.push_files import check_limits
from vlit_hub.publishing.push_ledger import Ledger

FILES = 30


@pytest.fixture
def many(folder):
    """36 files, 31 of them large ones, for several commits."""
    (folder / "data" / "many").mkdir()
    for i in range(FILES):
        (folder / "data" / "many" / f"{i:02}.bin").write_bytes(random.Random(i).randbytes(20_000 + i))
    for i in range(1, 4):
        (folder / f"{i}.txt").write_text(f"text {i}\n")
    return folder


@pytest.fixture
def small_commits(monkeypatch):
    monkeypatch.setattr(push_send, "COMMIT_FILES", 10)
    monkeypatch.setattr("vlit_hub.publishing.push.COMMIT_FILES", 10)
    monkeypatch.setattr(push_send, "BATCH_FILES", 4)


def seen_on(hub, api, refs=("main",)):
    """Counts of files that readers saw on the refs whenever anything was asked of the Hub."""
    seen = {ref: set() for ref in refs}

    def look(method, route, count):
        repo = hub.store.repo("datasets", "ada/pets")
        for ref in refs:
            if repo and repo.ref_name(ref):
                seen[ref].add(len(repo.at(ref).files) - 1)

    hub.faults = look
    return seen


def pulls(api):
    found = api.get_repo_discussions("ada/pets", repo_type="dataset", discussion_type="pull_request")
    return [(pull.num, pull.status) for pull in found]


def test_many_commits_become_visible_at_once(hub, ada, many, small_commits):
    seen = seen_on(hub, ada)
    report = push(hub, many)
    hub.faults = None
    assert seen["main"] == {0, len(content(many))}
    assert tree(ada) == sorted(content(many))
    assert ada.dataset_info("ada/pets").sha == report.oid
    assert pulls(ada) == [(1, "merged")]
    titles = [c.title for c in ada.list_repo_commits("ada/pets", repo_type="dataset", revision="refs/pr/1")]
    assert titles == [*(f"Publish ({i} of 4)" for i in (4, 3, 2, 1)), "initial commit"]
    assert max(hub.uploads.values()) == 1
    (many / "data" / "many" / "00.bin").unlink()
    (many / "1.txt").write_text("changed")
    again = push(hub, many)
    assert (again.sent, again.stale) == (("1.txt",), ("data/many/00.bin",))
    assert pulls(ada) == [(1, "merged")]


def test_many_commits_as_one_proposal(hub, ada, bob, many, small_commits):
    push(hub, many, create_pr=False)
    for i in range(FILES):
        (many / "data" / "many" / f"{i:02}.bin").write_bytes(random.Random(i).randbytes(100))
    before = ada.dataset_info("ada/pets").sha
    report = push(hub, many, token="hf_bob_write", create_pr=True)
    assert report.pr_url.endswith("/discussions/2") and pulls(ada) == [(2, "open"), (1, "merged")]
    assert ada.dataset_info("ada/pets").sha == before
    assert ada.dataset_info("ada/pets", revision="refs/pr/2").sha == report.oid


def test_many_commits_on_a_new_branch_and_not_on_an_old_one(hub, ada, many, small_commits):
    ada.create_repo("ada/pets", repo_type="dataset")
    seen = seen_on(hub, ada, ("main", "next"))
    report = push(hub, many, revision="next")
    hub.faults = None
    assert seen == {"main": {0}, "next": {len(content(many))}}
    refs = ada.list_repo_refs("ada/pets", repo_type="dataset", include_pull_requests=True)
    assert ({ref.name for ref in refs.branches}, refs.pull_requests) == ({"main", "next"}, [])
    assert ada.dataset_info("ada/pets", revision="next").sha == report.oid
    for i in range(FILES):
        (many / "data" / "many" / f"{i:02}.bin").write_bytes(b"\0new%d" % i)
    with pytest.raises(push_errors.LimitExceeded, match="push to main or to a new branch"):
        push(hub, many, revision="next")
    assert ada.dataset_info("ada/pets", revision="next").sha == report.oid


def test_main_that_moves_under_a_long_push(hub, ada, many, small_commits):
    """A change elsewhere is merged with; a change of the same file is refused, and the next push is right."""
    ada.create_repo("ada/pets", repo_type="dataset")

    def meanwhile(path):
        def fault(method, route, count):
            if route == "pull-merge" and not done:
                done.append(path)
                commit = {"operations": [CommitOperationAdd(path, b"theirs")], "commit_message": "theirs"}
                thread = threading.Thread(target=lambda: HfApi(hub.endpoint, token=TOKEN).create_commit(
                    "ada/pets", repo_type="dataset", **commit))  # fmt: skip
                thread.start()
                return 503  # merged at the second try, after that commit
            return None

        done = []
        return fault

    hub.faults = meanwhile("theirs.txt")
    push(hub, many)
    hub.faults = None
    assert set(tree(ada)) == {*content(many), "theirs.txt"}
    for i in range(FILES):
        (many / "data" / "many" / f"{i:02}.bin").write_bytes(b"\0new%d" % i)
    hub.faults = meanwhile("data/many/00.bin")
    with pytest.raises(push_errors.MergeConflict, match="push again"):
        push(hub, many)
    hub.faults = None
    assert pulls(ada) == [(2, "closed"), (1, "merged")]
    push(hub, many)
    assert ada.dataset_info("ada/pets").sha
    assert push(hub, many).sent == ()


def test_deletions_ride_in_the_same_push(hub, ada, many, small_commits):
    import re

    push(hub, many)
    for i in range(FILES):
        path = many / "data" / "many" / f"{i:02}.bin"
        path.rename(path.with_name(f"new-{i:02}.bin"))
    seen = seen_on(hub, ada)
    report = push(hub, many, owned=re.compile(r"data/many/.*"))
    hub.faults = None
    assert len(report.deleted) == FILES and report.stale == ()
    assert tree(ada) == sorted(content(many)) and seen["main"] == {len(content(many))}
    assert max(hub.uploads.values()) == 1  # renamed files have the same objects


def test_objects_that_the_hub_swept_are_sent_again(hub, ada, folder):
    def stop(name, done, total):
        if name == "commit":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        push(hub, folder, on_progress=stop)
    blobs = [path for path in (hub.root / "blobs").rglob("*") if path.is_file() and path.stat().st_size > 50_000]
    assert len(blobs) == 1
    blobs[0].unlink()
    push(hub, folder)
    assert tree(ada) == PATHS
    assert hub.uploads[blobs[0].name] == 2


# -- flags -------------------------------------------------------------------------------------------------------------


def test_tag_and_gate(hub, ada, bob, folder, tmp_path):
    report = push(hub, folder, tag="v1", gated="auto")
    assert report.tag == "v1" and ada.dataset_info("ada/pets", revision="v1").sha == report.oid
    assert ada.dataset_info("ada/pets").gated == "auto"
    assert push(hub, folder, tag="v1").oid == report.oid
    (folder / "new.txt").write_text("new")
    with pytest.raises(push_errors.TagTaken, match="tag v1 names another commit"):
        push(hub, folder, tag="v1")
    assert "new.txt" in tree(ada) and "new.txt" not in tree(ada, "v1")


# -- the ledger --------------------------------------------------------------------------------------------------------


def test_ledger_survives_a_torn_line_and_knows_renamed_files(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    with Ledger(tmp_path / "l", "there") as ledger:
        first = ledger.sha256(tmp_path / "a")
        ledger.acknowledge(["aa", "bb"])
        with pytest.raises(push_errors.PushRunning, match="another push holds"), Ledger(tmp_path / "l", "there"):
            pass
    with ledger.path.open("ab") as file:
        file.write(b'{"sent": ["c')
    (tmp_path / "a").rename(tmp_path / "b")
    with Ledger(tmp_path / "l", "there") as ledger:
        assert ledger.sent == {"aa", "bb"}
        assert ledger.sha256(tmp_path / "b") == first
        ledger.note(pull=3)
        (tmp_path / "b").write_bytes(b"b")
        assert ledger.sha256(tmp_path / "b") != first
    lines = [json.loads(line) for line in ledger.path.read_text().splitlines()]
    assert [sorted(line) for line in lines] == [["file", "sha256"], ["sent"], ["pull"], ["file", "sha256"]]
    with Ledger(tmp_path / "l", "there") as ledger:
        assert (ledger.pull, ledger.sent) == (3, {"aa", "bb"})
        ledger.note(done="oid")
        assert (ledger.pull, ledger.sent) == (0, set())
    with Ledger(tmp_path / "l", "elsewhere") as other:
        assert other.path != ledger.path and other.sent == set()


def test_commits_keep_the_hubs_pace(tmp_path, monkeypatch):
    monkeypatch.setattr(push_ledger, "COMMITS_AN_HOUR", 3)
    slept, now = [], [1000.0]

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    with Ledger(tmp_path, "there") as ledger:
        for _ in range(7):
            ledger.pace(lambda: now[0], sleep)
            now[0] += 1
    assert slept == [3597.0, 3597.0]
    windows = [sum(start <= moment < start + 3600 for moment in ledger.commits) for start in ledger.commits]
    assert max(windows) == 3


def test_limits_of_a_repository():
    check_limits(f"{i % 20}/{i}" for i in range(99_999))
    with pytest.raises(push_errors.LimitExceeded, match="100,000 files"):
        check_limits(f"{i % 20}/{i}" for i in range(100_000))
    with pytest.raises(push_errors.LimitExceeded, match="10,000 entries in folder 'a'"):
        check_limits(f"a/{i}" for i in range(10_000))


# -- kill -9 -----------------------------------------------------------------------------------------------------------

PUSH = """
import sys
from vlit_hub.publishing import push, push_send
push_send.COMMIT_FILES = push.COMMIT_FILES = 10
push_send.BATCH_FILES = 4
folder, endpoint, token = sys.argv[1:]
push.push_folder(folder, "ada/pets", "dataset", endpoint=endpoint, token=token, commit_message="Publish")
"""


def start(many, hub):
    return subprocess.Popen([sys.executable, "-c", PUSH, str(many), hub.endpoint, TOKEN], stderr=subprocess.PIPE)


@pytest.mark.parametrize("seed", [3, *(pytest.param(i, marks=pytest.mark.slow) for i in (0, 1, 2, 4, 5, 6, 7, 8, 9))])
def test_kill_9_anywhere(hub, ada, many, seed):
    """The Hub kills the pusher when a request drawn by the seed arrives (a whole push makes about 75)."""
    whole = len(content(many))
    moment, total = random.Random(seed).randrange(1, 75), Counter()
    seen = seen_on(hub, ada)
    look = hub.faults

    def kill(method, route, count):
        look(method, route, count)
        total["requests"] += 1
        if total["requests"] == moment:
            os.kill(pusher.pid, signal.SIGKILL)

    hub.faults = kill
    pusher = start(many, hub)
    pusher.communicate()
    assert pusher.returncode == -signal.SIGKILL
    hub.faults = look
    pusher = start(many, hub)
    err = pusher.communicate()[1]
    assert pusher.returncode == 0, err.decode()
    hub.faults = None
    back = {path: hub.read("datasets", "ada/pets", path) for path in tree(ada)}
    assert back == content(many)
    assert seen["main"] <= {0, whole}
    assert set(hub.uploads.values()) == {1} and len(hub.uploads) == FILES + 2
    [ledger] = (many / ".cache" / "vlit_hub").iterdir()
    hashed = [json.loads(line)["file"][0] for line in ledger.read_text().splitlines() if line.startswith('{"file"')]
    assert len(hashed) == len(set(hashed)) == whole  # no file was read twice
    assert len(pulls(ada)) == 1


# -- faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in range(1, 6))])
def test_thirty_percent_of_all_requests_fail(hub, ada, many, small_commits, no_waiting, seed):
    seen = seen_on(hub, ada)
    look, faults = hub.faults, RandomFaults(0.3, seed, (429, 503, RESET, SHORT, CUT))

    def both(method, route, count):
        look(method, route, count)
        return faults(method, route, count)

    hub.faults = both
    report = push(hub, many, private=True, tag="v1")
    hub.faults = None
    assert tree(ada) == sorted(content(many)) and report.files == len(content(many))
    assert {path: hub.read("datasets", "ada/pets", path) for path in tree(ada)} == content(many)
    assert seen["main"] <= {0, len(content(many))} and len(pulls(ada)) == 1
    assert ada.dataset_info("ada/pets", revision="v1").sha == report.oid == ada.dataset_info("ada/pets").sha
