"""The malformed input that the releases are known for, a row each: kept, kept and reported, or refused by its field.

Index lists that do not match: tests/rows/shikra_rd.py, textbind.py; ids that repeat, that begin another:
stablellava.py, sparkles_cc.py; media missing by design: stablellava.py; cells that look like null: pmc_vqa.py.
"""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from tests import rows
from vlit_hub import registry
from vlit_hub.release import Outcome, Release


def read(tmp_path: Path, name: str, file: str, text: str) -> list[Outcome]:
    rows.write(tmp_path, {file: text, "a.jpg": "8x6"})
    return list(Release(registry.get(name), tmp_path).read("train"))


def llava(*texts: object, **more: object) -> dict:
    turns = [{"from": ("human", "gpt")[i % 2], "value": text} for i, text in enumerate(texts)]
    return {"id": "1", "image": "a.jpg", "conversations": turns, **more}


def shown(outcome: Outcome) -> list[str]:
    return [part.text or part.type for s in outcome.samples for message in s.messages for part in message.content]


GOOD = llava("<image>\nHi", "Yo")
TWICE = "<image> mentions the picture again; only the first mention is kept"


@pytest.mark.parametrize(
    ("record", "parts", "reported", "field"),
    [
        (GOOD, ["image", "Hi", "Yo"], [], ""),
        (llava("Hi\n<image>", "Yo"), ["Hi", "image", "Yo"], [], ""),
        (llava("<image>\nHi <image>", "Yo"), ["image", "Hi ", "Yo"], [("conversations", TWICE)], ""),
        (llava("Hi", "Yo"), ["image", "Hi", "Yo"], [], ""),
        (llava("<image>\nnan", "nan"), ["image", "nan", "nan"], [], ""),
        (llava("<image>\nHi", ""), ["image", "Hi", "text"], [], ""),
        (llava("", ""), ["image", "text", "text"], [], ""),
        (llava("<image>\nHi", "Yo", image=["a.jpg"]), ["image", "Hi", "Yo"], [], ""),
        (llava(["<image>\nHi"], "Yo"), [], [], "conversations[0].value"),
        (llava("<image>\nHi", None), [], [], "conversations[1].value"),
        (llava(), [], [], "conversations"),
        (llava("<image>\nHi", "Yo", image="/home/author/coco/a.jpg"), [], [], "image"),
    ],
)
def test_turns(tmp_path: Path, record: dict, parts: list[str], reported: list, field: str) -> None:
    (outcome,) = read(tmp_path, "llava-instruct-150k", "llava_instruct_150k.json", json.dumps([record]))
    assert (shown(outcome), outcome.reports) == (parts, reported)
    assert [bad.field for bad in outcome.bad] == ([field] if field else [])
    assert all(sample.images != [None] for sample in outcome.samples)


@pytest.mark.parametrize(
    ("text", "good", "fault"),
    [
        ("[{0},]", 1, ""),
        ("[{0},\n{0},\n]", 2, ""),
        ("[{0}]\n[{0}]", 1, "something follows the end of the value"),
        ("{0}\n{0}", 0, "expected [, found {{"),
        ("[{0},,{0}]", 1, "malformed JSON"),
    ],
)
def test_files(tmp_path: Path, text: str, good: int, fault: str) -> None:
    """Trailing commas are read; two values in one file are a fault beside what came before."""
    text = text.format(json.dumps(GOOD))
    outcomes = read(tmp_path, "llava-instruct-150k", "llava_instruct_150k.json", text)
    assert [shown(outcome) for outcome in outcomes if not outcome.bad] == [["image", "Hi", "Yo"]] * good
    assert [fault.format() in str(bad) for outcome in outcomes for bad in outcome.bad] == [True] * bool(fault)


@pytest.mark.parametrize(
    "texts",
    [
        ("Where is <st>the boy<ed>?", "At <st>the wall, I think."),
        ("Where?", "<st>The boy<ed> [0.1, 0.2, 0.3] is there."),
        ("Where?", "<st>The boy<ed> [0.1, 0.2.5, 0.3, 0.4] is there."),
        ("Where?", "The boy<ed> is there."),
    ],
)
def test_broken_marks_keep_their_text_and_are_reported(tmp_path: Path, texts: tuple[str, str]) -> None:
    turns = [{"from": ("user", "gpt")[i], "value": text} for i, text in enumerate(texts)]
    text = json.dumps([{"image_id": 11, "conversations": [{"content": turns}]}])
    (outcome,) = read(tmp_path, "svit", "data/referring_qa.json", text)
    [sample] = outcome.samples
    said = "".join(part.text for part in sample.messages[1].content)
    balanced = texts[1].count("<st>") == texts[1].count("<ed>")  # then only the box is text
    assert said == (texts[1].replace("<st>", "").replace("<ed>", "") if balanced else texts[1])
    assert outcome.reports and not sample.regions


def test_a_pickle_is_refused_and_the_safe_form_named(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple:
            return open, (str(tmp_path / "ran"), "w")

    (tmp_path / "llava_150k_bbox_pred_results.pkl").write_bytes(pickle.dumps(Payload()))
    (outcome,) = Release(registry.get("gpt4roi"), tmp_path).read("train")
    assert not outcome.samples and "pickle" in str(outcome.bad[0]) and "jsonl" in str(outcome.bad[0])
    assert not (tmp_path / "ran").exists()
