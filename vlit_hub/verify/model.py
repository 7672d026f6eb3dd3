"""Proofs that need the model: it takes the samples, packs are as if alone, and its answers depend on the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from vlit_hub.schema import Sample
from vlit_hub.shards import Fetch
from vlit_hub.verify.case import IGNORED, Case
from vlit_hub.verify.said import Unsaid

HANDFUL = 6
"""Samples that the model reads."""
APART = 1e-4
"""Logits in float32 by which a packed sample may differ from the same one alone."""


class Collate(Protocol):
    """The collator that training uses: a micro-batch as a Store hands it out, or a list of Samples."""

    def __call__(self, fetched: Any) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Tuned:
    """A model, in float32, and the collator that makes its batches."""

    model: Any
    collate: Collate

    def batch(self, pack: Sequence[Sample]) -> tuple[dict[str, Any], Any, list[int]]:
        """(inputs of the model on its device, labels, lengths) of samples in one sequence."""
        rows = tuple(range(len(pack)))
        made = self.collate(([list(pack)], Fetch([rows], [], 0, True, (0, 0, len(pack)))))
        (lengths,) = made.pop("vlit")["lengths"]
        labels = made.pop("labels")
        for name in ("logits_to_keep", "shift_labels"):
            made.pop(name, None)
        place = next(self.model.parameters()).device
        inputs = {name: _placed(value, place) for name, value in made.items()}
        return inputs, labels.to(place), lengths

    def logits(self, pack: Sequence[Sample]) -> list[Any]:
        """(length, vocabulary) of each sample of a pack."""
        inputs, _, lengths = self.batch(pack)
        return list(self._run(inputs)[0, : sum(lengths)].split(lengths))

    def loss(self, sample: Sample) -> float:
        """Mean of the supervised tokens, in nats."""
        from torch.nn.functional import cross_entropy

        inputs, labels, (length,) = self.batch([sample])
        logits = self._run(inputs)[0, : length - 1]
        return float(cross_entropy(logits, labels[0, 1:length], ignore_index=IGNORED))

    def _run(self, inputs: dict[str, Any]) -> Any:
        return self.model(**inputs).logits.float()


def _placed(value: Any, place: Any) -> Any:
    if isinstance(value, dict):
        return {name: _placed(one, place) for name, one in value.items()}
    return value.to(place) if hasattr(value, "to") else value


@contextmanager
def reading(model: Any) -> Iterator[None]:
    """Without gradients or dropout."""
    import torch

    was = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was)


def handful(cases: Sequence[Case]) -> list[Case]:
    """The shortest samples, with pictures or videos before those without, two of which come between them."""
    by_length = sorted(cases, key=lambda case: len(case.encoded.input_ids))
    shown = [case for case in by_length if case.mentions or case.videos][: HANDFUL - 2]
    texts = [case for case in by_length if not case.mentions and not case.videos][: HANDFUL - len(shown)]
    return [*shown[:1], *texts[:1], *shown[1:], *texts[1:]]


def takes(tuned: Tuned, case: Case) -> str:
    """What is wrong with the model's reading of one sample by itself, or ""."""
    import math

    try:
        loss = tuned.loss(case.sample)
    except (ValueError, RuntimeError, IndexError) as error:
        if type(error).__name__ == "OutOfMemoryError":
            return Unsaid(f"the model in float32 and this sample do not fit its device: {error}")
        return f"the model does not take it: {type(error).__name__}: {error}"
    return "" if math.isfinite(loss) else f"the loss of its answers is {loss}"


def packed(tuned: Tuned, cases: Sequence[Case]) -> tuple[str, str]:
    """(what is wrong or Unsaid, figures) of one pack of all ``cases``."""
    family = cases[0].processor.family
    if not family.packs:
        return Unsaid(f"not for this family: {family.name} does not pack ({family.why_not})"), ""
    if len(cases) < 2:
        return Unsaid("a pack takes two samples, there is one"), ""
    try:
        together = tuned.logits([case.sample for case in cases])
    except ValueError as error:  # the collator refuses; a wrong pack would not be refused
        return Unsaid(f"such packs are not made: {error}"), ""
    except RuntimeError as error:
        return f"the model does not take the pack: {error}", ""
    worst, name = 0.0, ""
    for case, found in zip(cases, together, strict=True):
        (alone,) = tuned.logits([case.sample])
        apart = float((found - alone).abs().max()) if found.shape == alone.shape else float("inf")
        worst, name = max((worst, name), (apart, case.name))
    figures = f"largest difference of logits {worst:.1e} over {len(cases)} samples in one sequence"
    if worst <= APART:
        return "", figures
    return f"{name}: packed, its logits are up to {worst:.1e} off those of it alone ({APART:.0e} allowed)", figures


def matter(tuned: Tuned, cases: Sequence[Case]) -> str:
    """What the answers cost with their pictures and with another sample's: said, never judged."""
    shown = [case for case in cases if case.mentions]
    pairs = []
    for at, case in enumerate(shown):
        for other in (*shown[at + 1 :], *shown[:at]):
            if _bytes(other.sample) != _bytes(case.sample):
                pairs.append((tuned.loss(case.sample), _loss(tuned, with_pictures_of(case.sample, other.sample))))
                break
    found = [(right, wrong) for right, wrong in pairs if wrong is not None]
    if not found:
        return Unsaid("no two samples with different pictures were read")
    rights, wrongs = (sum(column) / len(found) for column in zip(*found, strict=True))
    more = sum(wrong > right for right, wrong in found)
    return (
        f"{rights:.3f} nats an answer's token with its own picture, {wrongs:.3f} with another's; "
        f"another's costs more for {more} of {len(found)}"
    )


def _loss(tuned: Tuned, sample: Sample) -> float | None:
    """None where other pictures make it too long."""
    try:
        return tuned.loss(sample)
    except ValueError:
        return None


def _bytes(sample: Sample) -> list[Any]:
    return [blob and (blob.bytes or blob.path) for blob in sample.images]


def with_pictures_of(sample: Sample, other: Sample) -> Sample:
    """The sample with the other's pictures in place of its own, in turn."""
    numbers = [index for index, blob in enumerate(other.images) if blob is not None]
    taken = [numbers[index % len(numbers)] for index in range(len(sample.images))]
    sizes = {m.index: (m.width, m.height) for m in other.media if m.type == "image"}
    media = [
        msgspec.structs.replace(
            m, **dict(zip(("width", "height"), sizes.get(taken[m.index], (None, None)), strict=True))
        )
        if m.type == "image"
        else m
        for m in sample.media
    ]
    return msgspec.structs.replace(sample, images=[other.images[index] for index in taken], media=media)
