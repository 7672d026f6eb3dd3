"""``vlit eval``: what is not scored is counted and shown, a line a fault."""

import json

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from tests.evaluation.rooms import colour_sample, say
from tests.tiny.llava import build as tiny_llava
from vlit_hub.cli import app
from vlit_hub.processing import VLITProcessor
from vlit_hub.schema import Blob
from vlit_hub.shards import ShardWriter


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    made, native = tiny_llava()
    made.save_pretrained(folder)
    VLITProcessor(native).save_pretrained(folder)
    return str(folder)


def asked(i, **changed):
    sample = colour_sample(i, "red")
    given = {"messages": [sample.messages[0], say("assistant", "A")], "choices": ["red", "blue"], "correct": 0}
    return replace(sample, **{**given, **changed})


FAULTS = {
    "no reference answer": {"correct": -1, "messages": [say("user", 0, "Which?")]},
    "repeated choices": {"choices": ["red", "red"]},
    "empty choice": {"choices": ["red", " "]},
    "no choices": {"choices": ["red"]},
    "missing picture": {"images": [None]},
    "unreadable picture": {"images": [Blob(bytes=b"no picture")]},
    "duplicate id": {"id": "s0"},
}


@pytest.mark.parametrize("reason", FAULTS)
def test_what_is_not_scored_is_shown(reason, model, tmp_path):
    with ShardWriter(tmp_path / "shards", "rooms", "default", "test") as writer:
        for sample in (asked(0), asked(1), asked(2, **FAULTS[reason])):
            writer.write(sample)
    command = ["eval", str(tmp_path / "shards"), "--model", model, "--scoring", "multiple_choice"]
    shown = CliRunner().invoke(app(), command)
    assert shown.exit_code == 0, shown.output
    assert f"not scored: 1 {reason}\n" in shown.stdout and "2 of 3 samples scored" in shown.stdout
    found = json.loads(CliRunner().invoke(app(), [*command, "--json"]).stdout)
    assert (found["unanswerable"], found["samples"], found["scored"]) == ({reason: 1}, 3, 2)
    assert found["rows"][0]["n"] == 2
