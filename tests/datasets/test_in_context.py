"""mimic-it with ``context``: related records as earlier turns, dangling keys, the train file, pictures once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import rows
from tests.rows import mimic_it
from vlit_hub import registry
from vlit_hub.audit import audit
from vlit_hub.release import Release
from vlit_hub.spec import BadRecord

SPEC = registry.get("mimic-it")
KEY = "LACONV_00_INS_000000033471_2"


def read(folder: Path, context: int, subset: str = "LA", files: dict | None = None) -> dict:
    raw = rows.write(folder, files or mimic_it.FILES)
    release = Release(SPEC, raw, subset, options={"context": context})
    report = audit(release, "train")
    assert (dict(report.dropped), dict(report.clashes)) == ({}, {})
    return {outcome.key: outcome for outcome in release.read("train")}


@pytest.mark.parametrize("context", [1, 2, 3])
def test_the_first_related_records_come_before(tmp_path: Path, context: int) -> None:
    outcome = read(tmp_path, context)[KEY]
    found = rows.short(outcome.samples[0])
    bus, cup = ("user", ["<image 0>", "What is it?"]), ("user", ["<image 1>", "Describe."])
    own = [("user", ["Is it moving?"]), ("assistant", ["Yes."])]
    if context == 3:  # another picture stood between
        own[0] = ("user", ["<image 0>", "Is it moving?"])
    examples = [bus, ("ASSISTANT", ["A bus."])] + [cup, ("ASSISTANT", ["A cup."])] * (context == 3)
    assert found["messages"] == examples + own
    assert [ref for _, ref, *_ in found["media"]] == mimic_it._LA[KEY]["image_ids"] + ["LA_00_IMG_000000000009"] * (
        context == 3
    )
    assert found["task"] == ("in_context" if context == 3 else "conversation")
    assert found["group"] == "LA_00_IMG_000000033471"
    left = mimic_it._LA[KEY]["rel_ins_ids"][context:]
    assert found.get("meta", "") == ('{"rel_ins_ids":["' + '","'.join(left) + '"]}' if left else "")
    dangling = [(field, reason) for field, reason in outcome.reports if field.startswith("rel_ins_ids")]
    missing = ("rel_ins_ids[1]", "'LACONV_00_INS_000000033471_1' is the key of no record")
    assert dangling == ([missing] if context > 1 else [])


def test_keys_of_the_train_file_serve_records_that_name_none(tmp_path: Path) -> None:
    outcome = read(tmp_path, 2, "DC")["DC_INS_00001"]
    assert len(outcome.samples[0].messages) == 2
    assert outcome.reports == [("rel_ins_ids[0]", "'DC_INS_00002' is the key of no record")]


def test_a_related_record_that_is_bad_costs_only_those_that_use_it(tmp_path: Path) -> None:
    files = mimic_it.FILES | {
        "SD_instructions.json": '{"data": {"SD_1": {"instruction": "a", "answer": "b", "rel_ins_ids": ["SD_2"]},'
        ' "SD_2": {"instruction": "a"}, "SD_3": {"instruction": "a", "answer": "b"}}}'
    }
    found = read(tmp_path, 1, "SD", files)
    assert [len(outcome.samples) for outcome in found.values()] == [0, 0, 1]
    (bad,) = found["SD_1"].bad
    assert isinstance(bad, BadRecord) and (bad.field, "answer: absent" in bad.reason) == ("rel_ins_ids[0]", True)
