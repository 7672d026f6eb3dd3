"""Generation through an endpoint: faults of every kind, control, cache, budget; a real client and a real server."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.construction import collection
from tests.construction.scripted import GOOD, Scripted
from vlit_hub import registry
from vlit_hub.construction import construct
from vlit_hub.construction.author import endpoint_author
from vlit_hub.construction.endpoint import Limits
from vlit_hub.construction.prompts import FORMS
from vlit_hub.construction.written import Writing
from vlit_hub.release import Release
from vlit_hub.shards.build import build

DOG = ((200, 150), ["a dog sits left of an umbrella", "Dog and umbrella."],
       [("dog", [10, 60, 40, 40], 0), ("umbrella", [120, 20, 60, 90], 0)])  # fmt: skip
TWO_DOGS = json.dumps({"turns": [{"question": "How many dogs are there?", "answer": "There are two dogs."}]})
ONE_DOG = json.dumps({"turns": [{"question": "How many dogs are there?", "answer": "There is one dog."}]})
NOW = {"headers": {"Retry-After-Ms": "1"}}


@pytest.fixture
def coco(tmp_path):
    return collection.write(tmp_path / "coco", {1: DOG, 2: ((210, 150), ["a dog sits there"], DOG[2])})


def author(server, folder, limits=None, **writing):
    return endpoint_author(server.url, Writing(**{"model": "m", **writing}), folder, limits or Limits())


def run(coco, folder, server, limits=None, types=("global",), **writing):
    made = author(server, folder / "work", limits, **writing)
    report = construct(coco, folder / "out", types=types, author=made)
    rows = [json.loads(line) for line in (folder / "work" / "quarantine.jsonl").read_text().splitlines()]
    return report, made.to_dict(), rows


def test_all_types_and_forms_become_a_release_that_builds(coco, tmp_path):
    with Scripted(lambda number, payload: ONE_DOG) as server:
        report, found, rows = run(coco, tmp_path, server, types=("global", "negative", "region"), forms=tuple(FORMS))
    assert report.records == {"global": 6, "negative": 6, "region": 12} and rows == []
    assert found["claims_before"] == found["claims_kept"] == {"right": 24, "wrong": 0, "unknown": 0, "passing": 1.0}
    assert found["cost"]["sent"] == found["cost"]["answered"] == len(server.payloads) == 24
    assert (found["cost"]["prompt"], found["cost"]["completion"]) == (2400, 480)
    built = build(Release(registry.get("coco-arc"), tmp_path / "out"), tmp_path / "shards")
    assert (built.records, built.converted, built.quarantined, built.missing_media) == (24, 24, 0, 0)
    record = json.loads((tmp_path / "out" / "negative.json").read_text())["annotations"][0]
    assert (record["prompt_version"], record["model"]) == ("negative@1+rules@1+facts@2", "m")


def test_a_refusing_endpoint_is_asked_again(coco, tmp_path):
    bad = {1: {"status": 429, "body": "{}", **NOW}, 2: {"status": 500, "body": "no", **NOW}, 3: {"body": "<html>"}}
    limits = Limits(concurrency=1)
    with Scripted(lambda number, payload: bad.get(number, GOOD)) as server:
        report, found, rows = run(coco, tmp_path, server, limits)
    assert found["cost"]["sent"] == len(server.payloads) == 4
    assert found["cost"]["unanswered"] == 1 and report.records == {"global": 1}
    assert [row["reason"] for row in rows] == ["endpoint answers no chat completion"]


def test_worked_examples_are_true_and_of_other_pictures(coco, tmp_path):
    with Scripted(lambda number, payload: ONE_DOG) as server:
        report, _, _ = run(coco, tmp_path, server, types=("global", "negative", "region"), shots=1, forms=tuple(FORMS))
    templates = tmp_path / "templates"
    construct(coco, templates, types=("global", "negative", "region"))
    first = {}  # (kind, picture, in which order) -> first turns that the templates write
    for kind in ("global", "negative", "region"):
        for record in json.loads((templates / f"{kind}.json").read_text())["annotations"]:
            texts = [said["value"] for said in record["conversations"]]
            turns = [{"question": q, "answer": a} for q, a in zip(texts[::2], texts[1::2], strict=True)][:3]
            first.setdefault((kind, record["img_ids"][15:27]), turns)
    assert report.records == {"global": 6, "negative": 6, "region": 12} and len(server.payloads) == 24
    seen = set()
    for payload in server.payloads:
        roles = [message["role"] for message in payload["messages"]]
        if roles == ["system", "user"]:
            continue  # the templates write no other form
        assert roles == ["system", "user", "assistant", "user"]
        _, shown, told, asked = (message["content"] for message in payload["messages"])
        own, other = ("1", "2") if DOG[1][0] in asked else ("2", "1")
        assert (DOG[1][0] in shown) == (other == "1")
        (kind,) = {k for (k, number), turns in first.items() if json.loads(told) == {"turns": turns}
                   and number == other.zfill(12)}  # fmt: skip
        seen.add((kind, own))
    assert len(seen) == 6
    record = json.loads((tmp_path / "out" / "global.json").read_text())["annotations"][0]
    assert record["prompt_version"] == "global@1+rules@1+facts@2+1xtemplates@4"


def test_an_example_stays_when_a_dialogue_is_asked_for_again(coco, tmp_path):
    with Scripted(lambda number, payload: "no" if len(payload["messages"]) == 4 else ONE_DOG) as server:
        report, found, _ = run(coco, tmp_path, server, shots=1)
    assert report.records == {"global": 2} and found["asked_again"] == {"malformed": 2}
    begun = [p["messages"] for p in server.payloads if len(p["messages"]) == 4]
    again = [p["messages"] for p in server.payloads if len(p["messages"]) == 6]
    assert len(begun) == len(again) == 2 and all(messages[:4] in begun for messages in again)


def test_a_slow_endpoint_is_left(coco, tmp_path):
    with Scripted(lambda number, payload: {"text": GOOD, "wait": 3}) as server:
        report, found, rows = run(coco, tmp_path, server, Limits(timeout=0.2, retries=0))
    assert report.records == {"global": 0}
    assert {row["reason"] for row in rows} == {"endpoint gives no answer in 0.2 s"}
    assert found["cost"]["prompt"] > 2000  # it may have been counted there


@pytest.mark.parametrize(
    ("first", "kind", "reason"),
    [
        ("I think", "malformed", "it is not JSON"),
        ({"text": GOOD[:-9], "finish": "length"}, "malformed", "cut off"),
        ('{"turns": []}', "malformed", 'no list "turns"'),
        (GOOD.replace("A photograph", "The caption tells"), "malformed", "must not say 'caption'"),
        (TWO_DOGS, "wrong claim", "2 x dog"),
    ],
)
def test_what_is_at_fault_is_asked_for_again_with_the_reason(coco, tmp_path, first, kind, reason):
    with Scripted(lambda number, payload: first if len(payload["messages"]) == 2 else ONE_DOG) as server:
        report, found, rows = run(coco, tmp_path, server)
    assert report.records == {"global": 2} and rows == []
    assert found["asked_again"] == {kind: 2}
    assert all(reason in p["messages"][3]["content"] for p in server.payloads if len(p["messages"]) == 4)
    wrong = 2 if kind == "wrong claim" else 0
    assert (found["claims_before"]["wrong"], found["claims_kept"]["wrong"]) == (wrong, 0)


def test_rubbish_ends_in_the_quarantine(coco, tmp_path):
    with Scripted(lambda number, payload: "no idea" if number % 2 else TWO_DOGS) as server:
        report, found, rows = run(coco, tmp_path, server, attempts=3)
    assert report.records == {"global": 0} and len(server.payloads) == 6
    assert sum(found["quarantined"].values()) == len(rows) == 2
    assert {tuple(row) for row in rows} == {
        ("picture", "img_ids", "instruction_type", "form", "field", "reason", "prompt_version", "reply")
    }


def test_a_judge_that_never_agrees(coco, tmp_path):
    low = json.dumps({"rating": 1, "reason": "useless"})
    with Scripted(lambda number, payload: low if payload["model"] == "j" else ONE_DOG) as server:
        report, found, rows = run(coco, tmp_path, server, judge="j", attempts=2)
    assert report.records == {"global": 0} and found["quarantined"] == {"judge": 2}
    assert {row["reason"] for row in rows} == {"rated 1 of 5: useless"}
    with Scripted(lambda number, payload: "5!" if payload["model"] == "j" else ONE_DOG) as server:
        assert run(coco, tmp_path / "b", server, judge="j", attempts=1)[1]["quarantined"] == {"judge unreadable": 2}


def test_the_budget_holds(coco, tmp_path):
    def costly(number, payload):
        most = sum(len(m["content"]) for m in payload["messages"]) + payload["max_tokens"]
        return {"text": ONE_DOG, "usage": {"prompt_tokens": most, "completion_tokens": 0, "total_tokens": most}}

    with Scripted(costly) as server:
        report, found, rows = run(coco, tmp_path, server, Limits(budget=6000), forms=tuple(FORMS))
        assert 0 < found["cost"]["prompt"] <= 6000
    assert 0 < report.records["global"] < 6
    assert found["quarantined"] == {"token budget reached": 6 - report.records["global"]} and len(rows) == 6 - len(
        server.payloads
    )


def test_a_wrong_key_stops_the_asking(coco, tmp_path):
    with Scripted(lambda number, payload: {"status": 401, "body": "{}"}) as server:
        report, found, rows = run(coco, tmp_path, server, Limits(concurrency=1), forms=tuple(FORMS))
    assert len(server.payloads) == 1 and len(rows) == 6
    assert found["quarantined"] == {"endpoint answers 401: check OPENAI_API_KEY and the model's name": 6}


def test_a_run_is_repeated_out_of_the_cache(coco, tmp_path):
    with Scripted(lambda number, payload: TWO_DOGS if len(payload["messages"]) == 2 else ONE_DOG) as server:
        first = run(coco, tmp_path, server)
        written = (tmp_path / "out" / "global.json").read_bytes()
        asked = len(server.payloads)
        second = run(coco, tmp_path, server)
        assert (len(server.payloads), second[1]["cost"]["cached"], second[1]["cost"]["sent"]) == (asked, asked, 0)
    assert (tmp_path / "out" / "global.json").read_bytes() == written
    assert first[1]["claims_kept"] == second[1]["claims_kept"]


KILLED = """
import sys
from pathlib import Path
from tests.construction.test_author import endpoint_author, Limits, Writing, construct
url, coco, folder = sys.argv[1], *map(Path, sys.argv[2:])
author = endpoint_author(url, Writing("m"), folder / "work", Limits(concurrency=1))
construct(coco, folder / "out", types=("global",), author=author)
"""


def test_a_killed_run_asks_nothing_twice(tmp_path):
    release = Path(tmp_path / "go")

    def script(number, payload):
        while number == 5 and not release.exists():
            time.sleep(0.02)
        return ONE_DOG if number != 5 else GOOD

    pictures = {i: ((200 + i, 150), [f"a dog, {i}"], DOG[2]) for i in range(1, 9)}  # every payload its own
    coco = collection.write(tmp_path / "coco8", pictures)
    with Scripted(script) as server:
        command = [sys.executable, "-c", KILLED, server.url, str(coco), str(tmp_path)]
        process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        while len(server.payloads) < 5:
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        process.wait()
        release.touch()
        assert not (tmp_path / "out" / "global.json").exists()
        report, found, _ = run(coco, tmp_path, server, Limits(concurrency=1))
    assert report.records == {"global": 8}
    assert (found["cost"]["cached"], found["cost"]["sent"], len(server.payloads)) == (4, 4, 9)
