"""What goes wrong outside of us: a clear error, nothing half-published, and the next run goes on. No token is told."""

import json
import logging
import os
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from datasets import load_dataset
from huggingface_hub import HfApi
from huggingface_hub.utils import logging as hub_logging
from typer.testing import CliRunner

from tests.publishing import made
from tests.publishing.cut import Relay
from tests.publishing.test_push import TOKEN, content, push, tree
from vlit_hub.cli import app
from vlit_hub.publishing import publish, push_errors
from vlit_hub.publishing.fetch import fetch
from vlit_hub.publishing.licences import MayNotPass
from vlit_hub.publishing.local_hub import CUT, RESET, SHORT, Account, LocalHub, RandomFaults
from vlit_hub.publishing.publish import Destination, publish_dataset


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad") / "shards"
    made.write(folder)
    return folder


def destination(hub, **settings):
    return Destination("ada/pets", **{"endpoint": hub.endpoint, "token": TOKEN, **settings})


# -- licences ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("shikra-rd", [], "Shikra-RD: their media may not be passed on"),
        ("detgpt", [], "no licence is known"),
        ("detgpt", ["--private"], ""),
        ("detgpt", ["--rights-held"], ""),
        ("shikra-rd", ["--references"], ""),
        ("shikra-rd", ["--references", "--rights-held"], "choose one"),
        ("shikra-rd", ["--gated", "maybe"], "auto or manual"),
    ],
)
def test_what_may_not_be_passed_on_is_refused_and_a_way_is_offered(hub, ada, tmp_path, name, options, message):
    made.write(tmp_path / "s", name)
    given = ["push", str(tmp_path / "s"), "ada/pets", "--endpoint", hub.endpoint, "--token", TOKEN, "--json", *options]
    done = CliRunner().invoke(app(), [*given, "--form", "parquet"])
    found = json.loads(done.stdout)
    if message:
        assert done.exit_code == 1 and message in found["error"]
        assert sum(hub.requests.values()) == 0 or not ada.repo_exists("ada/pets", repo_type="dataset")
    else:
        assert done.exit_code == 0 and found["oid"]
        assert ada.dataset_info("ada/pets").private is ("--private" in options)


def test_dry_run_prints_the_plan_and_sends_nothing(hub, shards):
    given = ["push", str(shards), "ada/pets", "--endpoint", hub.endpoint, "--token", TOKEN, "--dry-run"]
    done = CliRunner().invoke(app(), [*given, "--json"])
    plan = json.loads(done.stdout)
    assert plan["dry_run"] and plan["oid"] == "" and len(plan["sent"]) == plan["files"] > 8
    assert {"README.md", "croissant.json", "examples.jpg"} <= set(plan["sent"])
    assert {key[1] for key in hub.requests} == {"whoami", "info"}
    shown = CliRunner().invoke(app(), given).stdout
    assert all(path in shown.replace("\n", "") for path in ("README.md", "croissant.json"))
    assert not list(shards.parent.glob(".shards.push-*"))


# -- disk --------------------------------------------------------------------------------------------------------------

SMALL = """
import resource, sys
from pathlib import Path
from vlit_hub.publishing.publish import Destination, publish_dataset
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    publish_dataset(Path(sys.argv[1]), Destination("ada/pets", endpoint=sys.argv[2], token="hf_ada_write"))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_a_full_disk_is_named_and_the_next_run_goes_on(hub, ada, shards):
    whole = max(path.stat().st_size for path in shards.rglob("*") if path.is_file())
    done = subprocess.run([sys.executable, "-c", SMALL, str(shards), hub.endpoint, str(whole // 3)],
                          capture_output=True, text=True)  # fmt: skip
    assert "free space beside the folder, then push again; it continues" in done.stdout, done.stderr
    assert not ada.repo_exists("ada/pets", repo_type="dataset")
    [work] = shards.parent.glob(".shards.push-*")
    assert not list(work.rglob("*.tmp"))
    publish_dataset(shards, destination(hub))
    assert "README.md" in tree(ada) and not list(shards.parent.glob(".shards.push-*"))


def test_the_disk_of_the_hub_is_full(hub, ada, folder, no_waiting):
    ada.create_repo("ada/pets", repo_type="dataset")
    before = ada.dataset_info("ada/pets").sha
    hub.faults = lambda method, route, count: 507 if route == "lfs-put" else None
    with pytest.raises(push_errors.PushError, match="507"):
        push(hub, folder)
    hub.faults = None
    assert ada.dataset_info("ada/pets").sha == before
    assert push(hub, folder).oid


# -- connections -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [CUT, RESET, SHORT])
@pytest.mark.parametrize("lost", [1, 2, 3, 5, 8, 12])
def test_a_connection_that_stays_cut_from_some_request_on(hub, ada, folder, no_waiting, fault, lost):
    seen = []

    def cut(method, route, count):
        seen.append(route)
        return fault if len(seen) >= lost else None

    hub.faults = cut
    try:
        push(hub, folder)
    except push_errors.PushError as error:
        assert isinstance(error, push_errors.HubUnavailable) and "push again" in str(error)
    hub.faults = None
    if ada.repo_exists("ada/pets", repo_type="dataset"):
        assert tree(ada) in ([], sorted(content(folder)))
    push(hub, folder)
    assert tree(ada) == sorted(content(folder))
    assert {path: hub.read("datasets", "ada/pets", path) for path in tree(ada)} == content(folder)


@pytest.mark.parametrize("seed", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in range(1, 6))])
def test_pushed_and_loaded_while_thirty_percent_of_all_requests_fail(hub, ada, shards, tmp_path, no_waiting, seed):
    hub.faults = RandomFaults(0.3, seed, (429, 503, RESET, SHORT, CUT))
    publish_dataset(shards, destination(hub), dialect="float")
    fetched = fetch("ada/pets", "dataset", tmp_path / "back", endpoint=hub.endpoint, token=TOKEN)
    assert sum(hub.requests.values()) > 60
    hub.faults = None
    back = {path: data for path, data in content(fetched).items() if path != ".gitattributes"}
    assert back == {path: hub.read("datasets", "ada/pets", path) for path in tree(ada)}
    rows = load_dataset(str(fetched), split="train", cache_dir=str(tmp_path / "cache"))
    samples = made.everything()
    assert rows["id"] == [sample.id for sample in samples]
    assert [len(images) for images in rows["images"]] == [len(sample.images) for sample in samples]
    streamed = load_dataset(str(fetched), "chat-float", split="train", streaming=True)
    assert sum(1 for _ in streamed) == len(samples) - 5
    changed = fetched / "data" / "default" / "train-00000-of-00001.parquet"
    told = changed.stat()
    changed.write_bytes(b"other")
    os.utime(changed, ns=(told.st_atime_ns, told.st_mtime_ns))  # so that the client takes it for what it fetched
    fetch("ada/pets", "dataset", fetched, endpoint=hub.endpoint, token=TOKEN)
    assert changed.read_bytes() == back["data/default/train-00000-of-00001.parquet"]


@pytest.mark.parametrize("seed", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in range(1, 12))])
def test_the_line_is_cut_at_any_byte(hub, ada, folder, no_waiting, seed):
    """A push of about 120 kB through a relay that breaks at a byte drawn by the seed, then heals."""
    at = random.Random(seed).randrange(1, 100_000)
    with Relay(hub.endpoint, at) as relay:
        through = SimpleNamespace(endpoint=relay.endpoint)
        with pytest.raises(push_errors.HubUnavailable, match="push again"):
            push(through, folder)
        if ada.repo_exists("ada/pets", repo_type="dataset"):
            assert tree(ada) in ([], sorted(content(folder)))
        relay.heal()
        push(through, folder)
    assert {path: hub.read("datasets", "ada/pets", path) for path in tree(ada)} == content(folder)
    assert set(hub.uploads.values()) == {1}


# -- two at a time -----------------------------------------------------------------------------------------------------


def test_two_pushes_of_one_folder_do_not_meet(hub, shards, tmp_path):
    to = destination(hub)
    with publish._work(shards, to, "ada/pets", ["x"]), pytest.raises(push_errors.PushRunning, match="another push"):
        with publish._work(shards, to, "ada/pets", ["x"]):
            pass


def test_texts_without_a_licence_are_never_sent(hub, tmp_path):
    made.write(tmp_path / "s", "detgpt")
    with pytest.raises(MayNotPass):
        publish_dataset(tmp_path / "s", destination(hub))
    assert sum(hub.requests.values()) == 0 and not list(tmp_path.glob(".s.push-*"))


# -- kill -9 of the whole verb -----------------------------------------------------------------------------------------

VERB = """
import os, signal, sys
from pathlib import Path
from vlit_hub.publishing import finished, publish, push_ledger
moment, count = int(sys.argv[3]), 0
def counted(real):
    def note(self, *args, **kwargs):
        global count
        count += 1
        if count == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *args, **kwargs)
    return note
finished.Finished.note = counted(finished.Finished.note)
push_ledger.Ledger.note = counted(push_ledger.Ledger.note)
to = publish.Destination("ada/pets", endpoint=sys.argv[2], token="hf_ada_write")
publish.publish_dataset(Path(sys.argv[1]), to, dialect="float")
"""
MOMENTS = [4, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 3, 6, 9, 14, 20, 26, 29))]


@pytest.mark.parametrize("moment", MOMENTS)
def test_kill_9_of_a_publication(hub, ada, shards, tmp_path, moment):
    """Killed before it notes its ``moment``-th step (exported splits, hashes, acknowledgements, commits)."""
    killed = subprocess.run([sys.executable, "-c", VERB, str(shards), hub.endpoint, str(moment)], capture_output=True)
    assert killed.returncode == -9, killed.stderr.decode()
    done = subprocess.run([sys.executable, "-c", VERB, str(shards), hub.endpoint, "0"], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    publish_dataset(shards, Destination("ada/whole", endpoint=hub.endpoint, token=TOKEN), dialect="float")
    mine, whole = (
        {f.path: f.blob_id for f in ada.list_repo_tree(name, repo_type="dataset", recursive=True) if hasattr(f, "size")}
        for name in ("ada/pets", "ada/whole")
    )
    differing = {path for path in mine.keys() | whole.keys() if mine.get(path) != whole.get(path)}
    assert differing <= {"README.md", "croissant.json"}  # they name their repository
    assert max(hub.uploads.values()) == 1
    assert not list(shards.parent.glob(".shards.push-*"))


# -- tokens ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, *(pytest.param(i, marks=pytest.mark.slow) for i in range(2, 6))])
def test_no_token_is_told_anywhere_with_the_faults_on(tmp_path, shards, no_waiting, capfd, caplog, monkeypatch, seed):
    """Logs at debug, output, errors, cards, ledgers, what the Hub keeps: all are searched, for every token."""
    draw = random.Random(seed)
    tokens = {
        role: "hf_" + "".join(draw.choices("abcdefghijkmnpqrstuvwxyz", k=34)) for role in ("write", "read", "bad")
    }
    accounts = {tokens["write"]: Account("ada", "write"), tokens["read"]: Account("ada", "read")}
    hub_logging.set_verbosity_debug()
    caplog.set_level(logging.DEBUG)
    told = []
    keep = monkeypatch.setattr  # the ledger is removed at the end of a push: keep a copy of what was written
    real = publish.shutil.rmtree
    keep(
        publish.shutil,
        "rmtree",
        lambda path, **more: told.extend(map(_text, Path(path).rglob("*"))) or real(path, **more),
    )
    faults = RandomFaults(0.3, seed, (429, 503, RESET, SHORT, CUT))
    try:
        with LocalHub(tmp_path / "hub", accounts, faults=faults) as hub:
            for role, repo in (("write", "ada/pets"), ("read", "ada/pets"), ("bad", "ada/pets"), ("write", "eve/pets")):
                to = Destination(repo, endpoint=hub.endpoint, token=tokens[role])
                try:
                    told.append(repr(publish_dataset(shards, to)))
                except push_errors.PushError as error:
                    told += [str(error), repr(error), repr(error.__cause__)]
                told.append(repr(to))
            given = ["push", str(shards), "pets", "--endpoint", hub.endpoint, "--json"]
            done = CliRunner().invoke(app(), given, env={"HF_TOKEN": tokens["write"]})
            assert done.exit_code == 0, done.output
            told += [
                done.output,
                CliRunner().invoke(app(), ["push", "--help"], env={"HF_TOKEN": tokens["write"]}).output,
            ]
            hub.faults = None
            assert "README.md" in tree(HfApi(hub.endpoint, token=tokens["write"]))
    finally:
        hub_logging.set_verbosity_warning()
    out, err = capfd.readouterr()
    told += [out, err, caplog.text, *map(_text, tmp_path.rglob("*")), *map(_text, shards.parent.rglob("*"))]
    assert len(caplog.text) > 1000 and any('"sent"' in text for text in told)
    for role, token in tokens.items():
        assert not [text[:200] for text in told if token in text], role


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1") if path.is_file() else str(path)
