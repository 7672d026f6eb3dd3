"""The same numbers from one process, from two, and from the cache alone."""

import json
import os
import subprocess
import sys

import msgspec
import pytest

from tests.evaluation.rooms import COLOURS, colour_sample, picture, seen_colour
from tests.tiny.llava import build as tiny_llava
from vlit_hub.evaluation import evaluate, evaluate_answers
from vlit_hub.evaluation.cache import ReplyCache, fingerprint_of
from vlit_hub.processing import VLITProcessor
from vlit_hub.shards import ShardWriter, Store

NAMES = list(COLOURS)


def samples(n=24):
    return [colour_sample(i, NAMES[i % 3], group=f"g{i // 2}") for i in range(n)]


def test_what_is_known_is_not_asked_again(tmp_path):
    asked = []

    def answer(batch):
        asked.extend(sample.id for sample in batch)
        return [seen_colour(sample) for sample in batch]

    plain = evaluate_answers(samples(), answer)
    count = len(asked)
    cache = ReplyCache(tmp_path / "c.sqlite")
    first = evaluate_answers(samples(), cache.over(answer, ["m"]))
    assert first == plain and len(asked) < 2 * count, "pictures of three colours: most requests are equal"
    asked.clear()
    cache.close()
    again = ReplyCache(tmp_path / "c.sqlite")
    assert evaluate_answers(samples(), again.over(answer, ["m"])) == plain
    assert asked == [] and again.hits == count
    assert evaluate_answers(samples(), again.over(answer, ["other"])) == plain and asked
    (tmp_path / "text").write_text("no database at all " * 100)
    with pytest.raises(ValueError, match="cache of replies"):
        ReplyCache(tmp_path / "text")
    with pytest.raises(ValueError, match="share"):
        ReplyCache(tmp_path / "c.sqlite", (2, 2))


def test_a_request_is_all_that_a_reply_depends_on(tmp_path):
    cache, calls = ReplyCache(tmp_path / "c.sqlite"), []
    known = cache.over(lambda batch: calls.append(len(batch)) or ["x"] * len(batch), [1])
    base = colour_sample(0, "red")
    for changed, asks in (
        (base, True),
        (msgspec.structs.replace(base, id="other", group="g", ability="text_recognition"), False),
        (msgspec.structs.replace(base, images=[picture("red", (41, 30))]), True),
        (msgspec.structs.replace(base, choices=["a", "b"]), True),
        (colour_sample(0, "red", question="What else?"), True),
    ):
        before = len(calls)
        known([changed])
        assert (len(calls) > before) == asks
    assert known([base, colour_sample(0, "red", question="New?")]) == ["x", "x"]
    assert calls[-1] == 2, "a batch is run whole, so that its replies do not depend on what was known"


def test_shares_fill_what_one_run_asks(tmp_path):
    model, native = tiny_llava()
    processor = VLITProcessor(native)
    alone = evaluate(samples(), model, processor, max_new_tokens=3, batch_size=1)
    asked = []
    for i in range(2):
        cache = ReplyCache(tmp_path / "c.sqlite", (i, 2))
        evaluate(samples(), model, processor, max_new_tokens=3, batch_size=1, cache=cache)
        asked.append(cache.asked)
    merged = ReplyCache(tmp_path / "c.sqlite")
    assert evaluate(samples(), model, processor, max_new_tokens=3, batch_size=1, cache=merged) == alone
    assert merged.asked == 0 and min(asked) > 0
    other, _ = tiny_llava(seed=1)
    assert fingerprint_of(other) != fingerprint_of(model) == fingerprint_of(tiny_llava()[0])


@pytest.mark.slow
def test_one_and_two_processes_and_the_cache_give_the_same_report(tmp_path):
    model, native = tiny_llava()
    model.save_pretrained(tmp_path / "model")
    VLITProcessor(native).save_pretrained(tmp_path / "model")
    with ShardWriter(tmp_path / "shards", "rooms", "default", "test") as writer:
        for sample in samples(40):
            writer.write(sample)
    assert len(Store(tmp_path / "shards")) == 40

    def run(*more):
        code = "from vlit_hub.cli import main; main()"
        command = [sys.executable, "-c", code, "eval", tmp_path / "shards", "--model", tmp_path / "model", "--json"]
        done = subprocess.run(
            [*map(str, command), "--batch-size", "4", *more],
            capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    cache = ["--cache", str(tmp_path / "c.sqlite")]
    alone = run()
    assert run("--processes", "2", *cache) == alone
    assert run(*cache) == alone
