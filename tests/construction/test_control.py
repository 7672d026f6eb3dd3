"""The control over the released captions and boxes: GPT-4's answers beside our own."""

import pytest

from tests.construction import show_control as show


def test_released_answers_and_ours():
    if not show.SAMPLES.is_dir():
        pytest.skip("the released answers are not on this machine")
    found = show.collection()
    theirs, answers, _, disagreements = show.verdict(found, show.gpt4())
    ours = show.verdict(found, show.ours(found))[0]
    assert len(found.pictures) == 80 and sum(answers.values()) > 100
    assert len(disagreements) >= 10 and theirs.counts["right"] > 200
    assert ours.counts["right"] > 1000 and ours.to_dict()["passing"] > 0.99 > theirs.to_dict()["passing"]
