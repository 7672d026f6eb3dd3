"""``verify``: prove on the user's own data, processor and length that what the model sees is what was meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from vlit_hub.media import UnreadableMedia
from vlit_hub.schema import Sample
from vlit_hub.shards import ShardError
from vlit_hub.verify.case import Case
from vlit_hub.verify.checks import CHECKS
from vlit_hub.verify.frame import Landing, Size
from vlit_hub.verify.model import Tuned, handful, matter, packed, reading, takes
from vlit_hub.verify.said import Unsaid


class Samples(Protocol):
    """What is read: a Store, or a list of Samples."""

    def __len__(self) -> int: ...

    def __getitem__(self, row: int) -> Sample: ...


@dataclass
class CheckRow:
    """Result of one check over all samples looked at."""

    check: str
    what: str
    checked: int = 0
    failed: int = 0
    first: str = ""
    """The first failure, beginning with the sample's name."""
    unsaid: int = 0
    """Samples of which the check cannot speak."""
    why: str = ""
    """Why not, of the first of them."""
    note: str = ""
    """Figures, where the check measures any."""

    @property
    def passed(self) -> bool:
        """Whether nothing failed; ``result`` tells what proves nothing from what passed."""
        return not self.failed

    @property
    def result(self) -> str:
        """pass, FAIL, "told" (figures that are not judged), "not said" (``why``), or "nothing to check"."""
        if self.failed:
            return "FAIL"
        if self.note and not self.checked:
            return "told"
        return "pass" if self.checked else "not said" if self.unsaid else "nothing to check"

    def count(self, name: str, wrong: str | None) -> None:
        """Add one result, as a check gives it (checks.Check.run)."""
        if wrong is None:
            return
        if isinstance(wrong, Unsaid):
            self.unsaid += 1
            self.why = self.why or str(wrong)
            return
        self.checked += 1
        if wrong:
            self.failed += 1
            self.first = self.first or (f"{name}: {wrong}" if name else wrong)


@dataclass
class Report:
    """All rows; ``ok`` is what ``vlit train`` asks for."""

    rows: list[CheckRow]
    samples: int = 0
    """Looked at."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Reason -> samples that the processor leaves out of training; they prove nothing."""

    @property
    def ok(self) -> bool:
        """Whether every row passed."""
        return all(row.passed for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """Plain, for ``--json``."""
        return {
            "ok": self.ok,
            "samples": self.samples,
            "dropped": self.dropped,
            "rows": [vars(row) | {"passed": row.passed, "result": row.result} for row in self.rows],
        }


def verify(
    store: Samples,
    processor: Any,
    max_length: int,
    limit: int | None = 256,
    on_error: Literal["raise", "skip"] = "raise",
    tuned: Tuned | None = None,
) -> Report:
    """Check up to ``limit`` samples, spread evenly over the store (all with None).

    A sample or picture that cannot be read is red; with ``on_error="skip"``, as training then does, it is dropped.

    ``processor`` is used by its public ``encode``, ``pixels``, ``tokenizer``, ``native``, ``dialect`` and ``frames``
    only, and believed in nothing: expectations come from the Sample and the tokenizer's decoding. Ends LLaVA#779,
    trl#4874.

    With ``tuned``, a handful of the samples is read by its model too (model.py): rows "model", "packed logits", and
    "pictures matter", which tells and does not judge.
    """
    encodes = CheckRow("encodes", "every sample is read and encoded without an error")
    kept = CheckRow("kept", "at least one sample is left to train on")
    checks = [CheckRow(check.name, check.what) for check in CHECKS]
    report = Report([encodes, *checks, kept])
    reasons: Counter[str] = Counter()
    landings: dict[tuple[Size, bool], Landing] = {}
    cases: list[Case] = []
    for row in _spread(len(store), limit):
        report.samples += 1
        case = _case(store, row, processor, max_length, encodes, on_error)
        if isinstance(case, str):
            reasons.update([case] if case else [])
            continue
        case.landings = landings
        cases = handful([*cases, case]) if tuned is not None else []
        for check, result in zip(CHECKS, checks, strict=True):
            result.count(case.name, check.run(case))
    if tuned is not None and cases:
        report.rows += _read(tuned, cases)
    report.dropped = dict(reasons)
    trained = report.samples - encodes.failed - sum(reasons.values())
    kept.count("all samples", "" if trained else f"nothing is left of {report.samples} samples ({report.dropped})")
    return report


def _read(tuned: Tuned, cases: Sequence[Case]) -> list[CheckRow]:
    """The rows of what the model makes of a handful of samples."""
    model = CheckRow("model", "the model takes the samples: as many features as picture tokens, a finite loss")
    packs = CheckRow("packed logits", "a sample in a pack has the logits of the sample alone")
    pictures = CheckRow("pictures matter", "loss of the answers with their pictures and with another sample's")
    with reading(tuned.model):
        for case in cases:
            model.count(case.name, takes(tuned, case))
        if model.passed and model.checked:
            wrong, packs.note = packed(tuned, cases)
            packs.count("", wrong)
            told = matter(tuned, cases)
            if isinstance(told, Unsaid):
                pictures.count("", told)
            else:
                pictures.note = told
    return [model, packs, pictures]


_UNREADABLE = {ShardError: "unreadable_sample", UnreadableMedia: "unreadable_media"}


def _case(store: Samples, row: int, processor: Any, max_length: int, encodes: CheckRow, on_error: str) -> Case | str:
    """The sample of a row with its encoding and pixels; or why it is dropped; or "", and a failure noted."""
    name = f"row {row}"
    try:
        sample = store[row]
        name = f"{sample.dataset} {sample.id}"
        encoded = processor.encode(sample, max_length)
        pixels = {} if encoded.dropped else processor.pixels(sample, encoded)
    except (ValueError, RuntimeError) as error:  # MaskError, UnreadableMedia, ShardError
        if on_error == "skip" and type(error) in _UNREADABLE:
            return _UNREADABLE[type(error)]
        encodes.count(name, f"{type(error).__name__}: {error}")
        return ""
    encodes.count(name, "")
    return encoded.dropped or Case(sample, processor, encoded, pixels, max_length)


def _spread(total: int, limit: int | None) -> Sequence[int]:
    if limit is None or limit >= total:
        return range(total)
    return np.linspace(0, total - 1, limit).astype(int).tolist()
