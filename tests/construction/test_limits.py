"""Rate and price of a run at an endpoint, in Python and on the command line."""

import json
import threading
import time

import pytest
from typer.testing import CliRunner

from tests.construction import collection
from tests.construction.scripted import Scripted
from tests.construction.test_author import DOG, NOW, ONE_DOG, run
from vlit_hub.cli import app
from vlit_hub.construction.endpoint import Limits

PICTURES = {i: ((200 + i, 150), [f"a dog, {i}"], DOG[2]) for i in range(1, 7)}  # every payload its own


@pytest.fixture
def coco(tmp_path):
    return collection.write(tmp_path / "coco", PICTURES)


def test_requests_keep_to_the_rate_those_sent_again_too(coco, tmp_path):
    limits = Limits(rate=1200, concurrency=6)
    refused = {2: {"status": 429, "body": "{}", **NOW}, 4: {"status": 500, "body": "{}", **NOW}}
    with Scripted(lambda number, payload: refused.get(number, ONE_DOG)) as server:
        begun = time.monotonic()
        report, found, _ = run(coco, tmp_path, server, limits)
        times = list(server.times)
    assert report.records == {"global": 6} and found["cost"]["sent"] == len(times) == 8
    assert found["cost"]["retried"] == 2
    # the n-th may not go out before its turn, however many are ready: no run can be early, a loaded one is only late
    assert all(at - begun >= number * 60 / 1200 for number, at in enumerate(times))


def test_without_a_rate_they_go_out_together(coco, tmp_path):
    together = threading.Barrier(6)

    def script(number, payload):
        together.wait(60)  # none is answered before all are there
        return ONE_DOG

    with Scripted(script) as server:
        report, _, _ = run(coco, tmp_path, server, Limits(concurrency=6, retries=0))
    assert report.records == {"global": 6} and not together.broken


def test_the_price_is_that_of_what_was_answered(coco, tmp_path):
    used = {1: (1_000, 10), 2: (2_000, 20), 3: (3_000, 30)}

    def script(number, payload):
        prompt, completion = used.get(number, (0, 0))
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        return {"text": ONE_DOG, "usage": usage} if number in used else {"status": 400, "body": "{}"}

    with Scripted(script) as server:
        cost = run(coco, tmp_path, server, Limits(price=(2.0, 10.0), concurrency=1))[1]["cost"]
        again = run(coco, tmp_path, server, Limits(price=(2.0, 10.0), concurrency=1))[1]["cost"]
    assert (cost["answered"], cost["unanswered"], cost["prompt"], cost["completion"]) == (3, 3, 6_000, 60)
    assert cost["price"] == pytest.approx((6_000 * 2.0 + 60 * 10.0) / 1e6)
    assert (again["cached"], again["answered"], again["price"]) == (3, 0, 0.0)  # what is known costs nothing


def test_an_answer_that_never_came_is_paid_for_at_most(coco, tmp_path):
    with Scripted(lambda number, payload: {"text": ONE_DOG, "wait": 3}) as server:
        limits = Limits(timeout=0.2, retries=0, price=(1.0, 0.0), concurrency=6)
        cost = run(coco, tmp_path, server, limits, max_tokens=100)[1]["cost"]
        most = sum(sum(len(m["content"].encode()) + 16 for m in p["messages"]) + 100 for p in server.payloads)
    assert cost["unanswered"] == 6 and cost["prompt"] == most and cost["price"] == pytest.approx(most / 1e6)


def test_rate_and_price_on_the_command_line(coco, tmp_path):
    command = ["construct", "--coco", coco, "--out", tmp_path / "out", "--type", "global", "--model", "m"]
    with Scripted(lambda number, payload: ONE_DOG) as server:
        begun = time.monotonic()
        limited = ["--endpoint", server.url, "--rate", "1200", "--price", "2", "10", "--json"]
        result = CliRunner().invoke(app(), [str(argument) for argument in (*command, *limited)])
        times = list(server.times)
    assert result.exit_code == 0, result.output
    cost = json.loads(result.stdout)["author"]["cost"]
    assert (cost["sent"], cost["answered"], cost["prompt"], cost["completion"]) == (6, 6, 600, 120)
    assert cost["price"] == pytest.approx((600 * 2 + 120 * 10) / 1e6)
    assert times[-1] - begun >= 5 * 60 / 1200


def test_a_judge_that_never_agrees_stays_within_the_budget(coco, tmp_path):
    """It may refuse for ever: each dialogue is asked for again with its reason, until attempts or tokens run out."""
    low = json.dumps({"rating": 1, "reason": "useless"})

    def script(number, payload):
        most = sum(len(m["content"].encode()) for m in payload["messages"]) + payload["max_tokens"]
        usage = {"prompt_tokens": most, "completion_tokens": 0, "total_tokens": most}
        return {"text": low if payload["model"] == "j" else ONE_DOG, "usage": usage}

    limits = Limits(budget=40_000, concurrency=2)
    with Scripted(script) as server:
        report, found, rows = run(coco, tmp_path, server, limits, judge="j", attempts=1_000, max_tokens=100)
    asked_again = [
        p["messages"][-1]["content"] for p in server.payloads if p["model"] == "m" and len(p["messages"]) > 2
    ]
    assert report.records == {"global": 0} and found["quarantined"] == {"token budget reached": 6} and len(rows) == 6
    assert 30_000 < found["cost"]["prompt"] <= 40_000
    assert len(asked_again) > 6 and all("rated 1 of 5: useless" in text for text in asked_again)

    with Scripted(script) as server:
        found = run(coco, tmp_path / "few", server, judge="j", attempts=3)[1]
        models = [payload["model"] for payload in server.payloads]
    assert found["quarantined"] == {"judge": 6} and models.count("m") == 18
