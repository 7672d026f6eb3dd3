"""What a DataLoader's workers make of a micro-batch: tensors for the model, and where the batch came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from vlit_hub.media import UnreadableMedia
from vlit_hub.processing import batch
from vlit_hub.processing.families import Pixels
from vlit_hub.processing.masking import IGNORED
from vlit_hub.processing.processor import VLITProcessor
from vlit_hub.processing.truncation import Dropped, Encoded
from vlit_hub.schema import Sample
from vlit_hub.shards import Fetch, Skipped
from vlit_hub.shards.patience import PATIENCE, Patience

Fetched = tuple[list[list[Sample | Skipped]], Fetch]
"""What ``Store.__getitems__`` returns."""


class LengthMismatch(ValueError):
    """A sample whose length differs from the plan's: measured with another processor, max_length or data."""


class VLITCollator:
    """``collate_fn`` over a Store's micro-batches, or over a plain list of Samples.

    Gives ``input_ids, attention_mask, labels`` (each (samples, longest), int64, padded on the right), the family's
    pixel tensors, and the plain dict ``vlit`` (:meth:`_note`), which the trainer takes out before the forward pass.
    A skipped sample is one ignored position without loss. Nothing is dropped here: raises Dropped for a sample that
    cannot be trained on, and LengthMismatch for one that is not as long as the plan says.

    ``supervised_only``: also ``logits_to_keep`` and ``shift_labels``, so that the model scores supervised positions
    alone (same loss, less time and memory). ``on_error="skip"`` treats a picture that cannot be decoded as Store
    treats a sample that cannot be read.
    """

    def __init__(
        self,
        processor: VLITProcessor,
        max_length: int,
        *,
        supervised_only: bool = False,
        on_error: Literal["raise", "skip"] = "raise",
        patience: int = PATIENCE,
    ) -> None:
        if on_error not in ("raise", "skip"):
            raise ValueError(f"on_error: {on_error!r} is not one of: raise, skip")
        if supervised_only and not processor.family.logits_to_keep:
            raise ValueError(f"supervised_only: models of family {processor.family.name} score every position")
        self.processor, self.max_length = processor, max_length
        self.supervised_only, self.on_error, self.patience = supervised_only, on_error, Patience(patience)

    def __call__(self, fetched: Fetched | Sequence[Sample]) -> dict[str, Any]:
        """One micro-batch; see the class."""
        if isinstance(fetched, tuple):
            items, fetch = fetched
            rows: list[Sample | Skipped] = [self._single(item) for item in items]
            lengths: list[int] = fetch.lengths
        else:
            rows, fetch, lengths = list(fetched), None, []
        encoded, parts, skipped = [], [], []
        places = list(fetch.where) if fetch else []
        for number, row in enumerate(rows):
            place = str(places[number]) if places else ""
            try:
                one, tensors, why = self._encode(row, lengths[number] if lengths else None, place)
            except Exception as error:
                if place:
                    error.add_note(f"collating {place}")
                raise
            encoded.append(one)
            parts.append(tensors)
            if why:
                skipped.append(why)
        family = self.processor.family
        out: dict[str, Any] = batch.pad(family, self.processor.native, encoded) | batch.join(family, parts)
        if self.supervised_only:
            batch.score_supervised_only(out)
        out["vlit"] = self._note(rows, encoded, skipped, fetch)
        return out

    def _single(self, item: list[Sample | Skipped]) -> Sample | Skipped:
        if len(item) != 1:
            why = self.processor.family.why_not
            raise ValueError(
                f"an item of {len(item)} samples: family {self.processor.family.name} does not pack ({why})"
            )
        return item[0]

    def _encode(self, row: Sample | Skipped, length: int | None, place: str) -> tuple[Encoded, list[Pixels], str]:
        """(token ids and labels, pixels per picture, why it was skipped or "")."""
        if isinstance(row, Skipped):
            return self._ignored(), [], row.reason
        encoded = self.processor.encode(row, self.max_length)
        where = f"{row.dataset} {row.id}"
        if length is not None and encoded.length != length:
            raise LengthMismatch(
                f"{where} has {encoded.length} tokens, the plan says {length}: "
                "measure again with this processor and max_length"
            )
        if encoded.dropped:
            raise Dropped(encoded.dropped, f"{where}: {encoded.detail}; measure, so that the plan leaves it out")
        try:
            found = batch.pixels(self.processor.family, self.processor.native, row, encoded)
        except UnreadableMedia as error:
            if self.on_error == "raise":
                raise
            why = f"{place}: {error}" if place else str(error)
            self.patience.failed(row.dataset, why)
            return self._ignored(), [], why
        self.patience.succeeded(row.dataset)
        return encoded, found, ""

    def _ignored(self) -> Encoded:
        return Encoded(input_ids=[self.processor.tokenizer.eos_token_id], labels=[IGNORED])

    def _note(
        self, rows: list[Sample | Skipped], encoded: list[Encoded], skipped: list[str], fetch: Fetch | None
    ) -> dict[str, Any]:
        """``keys`` and ``datasets`` per sample ("" where skipped), ``supervised`` (tokens of the batch), ``skipped``
        (reasons); from a Fetch also ``cursor`` and ``step`` and ``last`` (its own), ``rows`` (of the index) and
        ``provenance`` (of each sample)."""
        note: dict[str, Any] = {
            "keys": ["" if isinstance(row, Skipped) else row.id for row in rows],
            "datasets": ["" if isinstance(row, Skipped) else row.dataset for row in rows],
            "supervised": sum(one.supervised for one in encoded),
            "skipped": skipped,
        }
        if fetch is not None:
            note |= {"cursor": fetch.cursor, "step": fetch.step, "last": fetch.last, "rows": fetch.items}
            note["provenance"] = list(fetch.where)
        return note
