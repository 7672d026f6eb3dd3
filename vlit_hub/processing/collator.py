"""What a DataLoader's workers make of a micro-batch: tensors for the model, and where the batch came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain, pairwise
from typing import Any, Literal

import torch

from vlit_hub.media import UnreadableMedia
from vlit_hub.processing import batch
from vlit_hub.processing.families import Pixels
from vlit_hub.processing.masking import IGNORED
from vlit_hub.processing.packing import pack
from vlit_hub.processing.processor import VLITProcessor
from vlit_hub.processing.sharing import INDEX
from vlit_hub.processing.truncation import Dropped, Encoded
from vlit_hub.schema import Sample
from vlit_hub.shards import Fetch, Skipped
from vlit_hub.shards.patience import PATIENCE, Patience

Fetched = tuple[list[list[Sample | Skipped]], Fetch]
"""What ``Store.__getitems__`` returns."""


class LengthMismatch(ValueError):
    """A sample whose length differs from the plan's: measured with another processor, max_length or data."""


@contextmanager
def _collating(place: str) -> Iterator[None]:
    """Say with every error where the sample lies."""
    try:
        yield
    except Exception as error:
        if place:
            error.add_note(f"collating {place}")
        raise


class VLITCollator:
    """``collate_fn`` over a Store's micro-batches, or over a plain list of Samples.

    Gives ``input_ids, attention_mask, labels`` (each (samples, longest), int64, padded on the right), or, of items with
    several samples, what :func:`packing.pack` does; the family's pixel tensors; and the plain dict ``vlit``
    (:meth:`_note`), which the trainer takes out before the forward pass. A skipped sample is one ignored position
    without loss. Nothing is dropped here: raises Dropped for a sample that cannot be trained on, and LengthMismatch for
    an item that is not as long as the plan says.

    ``supervised_only``: also ``logits_to_keep`` and ``shift_labels``, so that the model scores supervised positions
    alone (same loss, less time and memory). ``attention``: the ``attn_implementation`` of the language model, which
    decides how packs are told apart (packing.py), ``window`` its sliding window; ``rate``: positions a second of video,
    of models that have such (``config.vision_config.tokens_per_second``). ``share_pictures``: each distinct picture
    once, and ``picture_index`` (sharing.py); the model must have been made to take it. ``on_error="skip"`` treats a
    picture or video that cannot be decoded as Store treats a sample that cannot be read. ``decode="fast"``: of families
    that only stretch pictures, large JPEGs are decoded at an even fraction of their size; token counts stay, pixels
    differ by little (batch.Gallery).
    """

    def __init__(
        self,
        processor: VLITProcessor,
        max_length: int,
        *,
        supervised_only: bool = False,
        on_error: Literal["raise", "skip"] = "raise",
        patience: int = PATIENCE,
        attention: str = "sdpa",
        window: int | None = None,
        rate: float | None = None,
        share_pictures: bool = False,
        decode: Literal["exact", "fast"] = "exact",
    ) -> None:
        if on_error not in ("raise", "skip"):
            raise ValueError(f"on_error: {on_error!r} is not one of: raise, skip")
        if decode not in ("exact", "fast"):
            raise ValueError(f"decode: {decode!r} is not one of: exact, fast")
        if decode == "fast" and not processor.family.stretches:
            raise ValueError(f"decode: family {processor.family.name} does more than stretch a picture; only exact")
        if supervised_only and not processor.family.logits_to_keep:
            raise ValueError(f"supervised_only: models of family {processor.family.name} score every position")
        if share_pictures and not processor.family.shares_pictures:
            raise ValueError(f"share_pictures: {processor.family.name} does not share ({processor.family.why_not})")
        self.processor, self.max_length, self.fast = processor, max_length, decode == "fast"
        self.attention, self.window, self.rate, self.share_pictures = attention, window, rate, share_pictures
        self.supervised_only, self.on_error, self.patience = supervised_only, on_error, Patience(patience)

    def __call__(self, fetched: Fetched | Sequence[Sample]) -> dict[str, Any]:
        """One micro-batch; see the class."""
        items, fetch = fetched if isinstance(fetched, tuple) else ([[sample] for sample in fetched], None)
        family, native = self.processor.family, self.processor.native
        if not family.packs and (most := max(map(len, items), default=1)) > 1:
            raise ValueError(f"an item of {most} samples: family {family.name} does not pack ({family.why_not})")
        rows = [row for item in items for row in item]
        places = [str(place) for place in fetch.where] if fetch is not None and fetch.where else [""] * len(rows)
        encoded, skipped = self._encode(rows, places)
        ends = [0, *accumulate(map(len, items))]
        parts = [slice(start, stop) for start, stop in pairwise(ends)]
        if fetch is not None and fetch.lengths:
            for part, length in zip(parts, fetch.lengths, strict=True):
                with _collating(places[part.start]):
                    self._check(rows[part], encoded[part], length)
        gallery = batch.Gallery(family, native, self.fast)
        taken = []
        for number, (row, place) in enumerate(zip(rows, places, strict=True)):
            with _collating(place):
                taken.append(self._take(gallery, row, number, encoded, skipped, place))
        pixels = gallery.prepare(taken)
        if any(len(item) > 1 for item in items):
            packs = [list(zip(encoded[part], pixels[part], strict=True)) for part in parts]
            fill = batch.pad_id(native.tokenizer)
            out = pack(family, native, packs, fill, attention=self.attention, window=self.window, rate=self.rate)
            if family.pictures_by_row:
                taken, pixels = ([list(chain(*of[part])) for part in parts] for of in (taken, pixels))
        else:
            out = dict(batch.pad(family, native, encoded))
        out |= self._pixels(taken, pixels)
        if self.supervised_only:
            batch.score_supervised_only(out)
        lengths = [[one.length for one in encoded[part]] for part in parts]
        out["vlit"] = self._note(rows, encoded, skipped, fetch) | {"lengths": lengths}
        return out

    def _encode(self, rows: Sequence[Sample | Skipped], places: Sequence[str]) -> tuple[list[Encoded], list[str]]:
        """Token ids and labels of each row, and why some were skipped."""
        samples = [row for row in rows if not isinstance(row, Skipped)]
        try:
            made = iter(self.processor.encode_all(samples, self.max_length))
        except Exception:
            for row, place in zip(rows, places, strict=True):
                with _collating(place):  # which of them it was
                    if not isinstance(row, Skipped):
                        self.processor.encode(row, self.max_length)
            raise
        encoded = [self._ignored() if isinstance(row, Skipped) else next(made) for row in rows]
        return encoded, [row.reason for row in rows if isinstance(row, Skipped)]

    def _check(self, item: Sequence[Sample | Skipped], encoded: Sequence[Encoded], length: int) -> None:
        """Raise LengthMismatch for an item that is not as long as the plan says."""
        names = ", ".join(f"{row.dataset} {row.id}" for row in item if not isinstance(row, Skipped))
        found = sum(one.length for one in encoded)
        if found != length and not any(isinstance(row, Skipped) for row in item):
            raise LengthMismatch(
                f"{names} has {found} tokens, the plan says {length}: measure again with this processor and max_length"
            )

    def _take(
        self,
        gallery: batch.Gallery,
        row: Sample | Skipped,
        number: int,
        encoded: list[Encoded],
        skipped: list[str],
        place: str,
    ) -> list[batch.Shown]:
        """The pictures of a row; one that cannot be read is raised, or the row becomes an ignored one."""
        if isinstance(row, Skipped):
            return []
        if (dropped := encoded[number]).dropped:
            where = f"{row.dataset} {row.id}: {dropped.detail}"
            raise Dropped(dropped.dropped, f"{where}; measure, so that the plan leaves it out")
        try:
            taken = gallery.take(row, encoded[number])
        except UnreadableMedia as error:
            if self.on_error == "raise":
                raise
            why = f"{place}: {error}" if place else str(error)
            self.patience.failed(row.dataset, why)
            skipped.append(why)
            encoded[number] = self._ignored()
            return []
        self.patience.succeeded(row.dataset)
        return taken

    def _pixels(self, taken: list[list[batch.Shown]], pixels: list[list[Pixels]]) -> dict[str, Any]:
        """The pictures as the model takes them: repeated, or each once with the order of their entries."""
        family = self.processor.family
        distinct: dict[batch.Shown, Pixels] = {}
        order: list[batch.Shown] = []
        apart: list[Pixels] = []  # videos that go to the model beside its pictures
        for shown, made in zip(chain(*taken), chain(*pixels), strict=True):
            if "pixel_values" in made:
                distinct.setdefault(shown, made)
                order.append(shown)
            else:
                apart.append(made)
        if not self.share_pictures or len(distinct) == len(order):
            return batch.join(family, pixels)
        sizes = {
            shown: len(made["pixel_values"]) if shown.video else family.entries(made)
            for shown, made in distinct.items()
        }
        starts = dict(zip(distinct, accumulate(sizes.values(), initial=0), strict=False))
        index = [starts[shown] + n for shown in order for n in range(sizes[shown])]
        return batch.join(family, [[*distinct.values(), *apart]]) | {INDEX: torch.tensor(index)}

    def _ignored(self) -> Encoded:
        return Encoded(input_ids=[self.processor.tokenizer.eos_token_id], labels=[IGNORED])

    def _note(
        self, rows: list[Sample | Skipped], encoded: list[Encoded], skipped: list[str], fetch: Fetch | None
    ) -> dict[str, Any]:
        """``keys`` and ``datasets`` per sample ("" where skipped), ``supervised`` (tokens of the batch), ``skipped``
        (reasons), ``lengths`` (tokens per sample per item); from a Fetch also ``cursor`` and ``step`` and ``last`` (its
        own), ``rows`` (of the index, per item) and ``provenance`` (of each sample)."""
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
