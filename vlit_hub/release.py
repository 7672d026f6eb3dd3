"""A raw release on disk, read as Samples: which files there are, one outcome per native record."""

from __future__ import annotations

import gc
import glob
import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Any

import msgspec

from vlit_hub.canonical import validated
from vlit_hub.formats.readers import READERS, container_of
from vlit_hub.formats.tables import Lookup
from vlit_hub.formats.window import WHOLE, Window
from vlit_hub.media import image_size
from vlit_hub.media_errors import UnreadableMedia
from vlit_hub.media_finder import MediaFinder
from vlit_hub.media_forms import ready
from vlit_hub.media_roots import list_files
from vlit_hub.regions import resolve
from vlit_hub.schema import (
    COLUMNS,
    Blob,
    Media,
    Region,
    Sample,
    SchemaError,
    blobs_of,
)
from vlit_hub.spec import BadRecord, Context, Converter, DatasetSpec, Files

TOGETHER = 64
"""Records that go through the engine's steps together, at most; one by one where they hold the bytes of media."""


class MissingFiles(FileNotFoundError):
    """No file of the asked subset is there: the message says which files, from where, into which folder."""


@dataclass(slots=True)
class Outcome:
    """What became of one native record."""

    file: str
    row: int
    native: Any
    """The record as read, or the text of what could not be read."""
    samples: list[Sample] = field(default_factory=list)
    encoded: list[bytes] = field(default_factory=list)
    """The JSON of each sample without its media, as shards hold it."""
    key: str = ""
    """The record's key in its file, where rows have one."""
    bad: list[BadRecord] = field(default_factory=list)
    """Why the record (no samples) or some of its children (partial) could not be converted."""
    reports: list[tuple[str, str]] = field(default_factory=list)
    """(field, reason) of what was kept although faulty."""


@dataclass(frozen=True)
class Release:
    """One raw folder read through one spec. ``subset`` and ``options`` are checked when it is made."""

    spec: DatasetSpec
    raw: Path
    subset: str = ""
    media_roots: Mapping[str, str] | str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.raw.is_dir():
            raise MissingFiles(f"{self.raw} is not a folder. {how_to_get(self.spec, self.raw)}")
        object.__setattr__(self, "subset", self.subset or self.spec.default_subset)
        if self.subset not in self.spec.subsets:
            raise ValueError(f"{self.spec.name} has no subset {self.subset!r}; it has {', '.join(self.spec.subsets)}")
        object.__setattr__(self, "options", _options(self.spec, self.options))

    @cached_property
    def media(self) -> MediaFinder:
        return MediaFinder(self.raw, self.spec.media, self.media_roots)

    @cached_property
    def files(self) -> dict[str, list[tuple[Files, Path]]]:
        """Split -> files to read, of the first alternative of which any is present. Raises MissingFiles if none is."""
        found: dict[str, list[tuple[Files, Path]]] = {}
        for entry in self.spec.files:
            if entry.subset == self.subset and (paths := self._present(entry)):
                found.setdefault(entry.split, []).extend((entry, path) for path in paths)
        if not found:
            raise MissingFiles(how_to_get(self.spec, self.raw, self.subset))
        return found

    def _present(self, entry: Files) -> list[Path]:
        for alternative in entry.alternatives:
            if paths := [path for pattern in alternative for path in self._glob(pattern)]:
                return paths
        return []

    def _glob(self, pattern: str) -> list[Path]:
        """Files of a pattern in the raw folder, else in one of its sub-folders; ValueError where several hold them."""
        found = sorted(path for path in self.raw.glob(pattern) if path.is_file())
        if found:
            return found
        found = sorted(path for path in self.raw.glob(f"*/{pattern}") if path.is_file())
        if len(folders := {path.relative_to(self.raw).parts[0] for path in found}) > 1:
            raise ValueError(
                f"{self.raw}: {pattern} lies in {', '.join(sorted(folders))}; give one of these folders as the raw one"
            )
        return found

    @property
    def absent(self) -> list[str]:
        """File patterns of the subset's chosen alternatives that are not there."""
        missing = []
        for entry in self.spec.files:
            if entry.subset == self.subset:
                chosen = next((a for a in entry.alternatives if any(self._glob(p) for p in a)), entry.alternatives[0])
                missing += [pattern for pattern in chosen if not self._glob(pattern)]
        return missing

    @property
    def unread(self) -> list[str]:
        """Data files that no entry of the spec takes, relative to the raw folder."""
        taken = {
            path
            for entry in self.spec.files
            for alternative in entry.alternatives
            for pattern in alternative
            for path in self._glob(pattern)
        } | {
            path
            for table in self.spec.tables.values()
            for pattern in table.patterns
            for path in self._glob(pattern.replace("{folder}", "**"))
        }
        taken.update(path for pattern in self.spec.beside for path in self._glob(pattern))
        rows = [relative for relative, _, _ in list_files(self.raw) if container_of(Path(relative))]
        return [relative for relative in rows if self.raw / relative not in taken]

    def read(self, split: str, heads: dict[str, dict[str, Any]] | None = None) -> Iterator[Outcome]:
        """One Outcome per native record of a split; file-level facts go to ``heads[file]``."""
        return (outcome for outcome in self.read_some(split, heads, _everything) if outcome is not None)

    def read_some(
        self, split: str, heads: dict[str, dict[str, Any]] | None, span: Callable[[], tuple[int, float]]
    ) -> Iterator[Outcome | None]:
        """As :meth:`read`, of the records that are asked for at the time; None in the place of one passed over.

        ``span()``, called whenever it is read on, tells the first record to convert and the one to stop before, which
        is not read until the span goes beyond it. Records are numbered in the split.
        """
        if split not in self.files:
            raise ValueError(f"{self.spec.name} has no files of split {split!r} here; found: {', '.join(self.files)}")
        number = 0
        for entry, path in self.files[split]:
            number = yield from self._read_file(entry, path, heads, WHOLE, span, number)

    def read_file(
        self,
        entry: Files,
        path: Path,
        heads: dict[str, dict[str, Any]] | None = None,
        window: Window = WHOLE,
    ) -> Iterator[Outcome]:
        """One Outcome per native record of one file, or of a window of it (formats/window.py)."""
        outcomes = self._read_file(entry, path, heads, window, _everything, 0)
        return (outcome for outcome in outcomes if outcome is not None)

    def _read_file(
        self,
        entry: Files,
        path: Path,
        heads: dict[str, dict[str, Any]] | None,
        window: Window,
        span: Callable[[], tuple[int, float]],
        number: int,
    ) -> Generator[Outcome | None, None, int]:
        """The outcomes of a file whose first record has that number; gives the number behind its last."""
        ctx = self.context(entry, path)
        if heads is not None:
            heads[ctx.file] = ctx.head
        rows = READERS[entry.container or container_of(path)](path, entry.rows, ctx.head, window)
        together = 1
        while True:
            first, stop = span()
            drafts = _drafts(rows, entry, ctx, range(number, int(min(number + together, max(stop, number + 1)))), first)
            if not drafts:
                return number
            number += len(drafts)
            made = [draft for draft in drafts if draft is not None]
            _complete(made, ctx)
            together = 1 if any(_holds_bytes(outcome) for outcome, _ in made) else min(2 * together, TOGETHER)
            for draft in drafts:
                yield None if draft is None else draft[0]

    def context(self, entry: Files, path: Path) -> Context:
        """What the converter of one file knows; row, key and head are filled in while it is read."""
        relative = path.relative_to(self.raw).as_posix()
        tables = {name: self._table(name, path) for name in self.spec.tables}
        return Context(
            self.spec, self.subset, entry.split, relative, tables=tables, media=self.media, options=self.options
        )

    def _table(self, name: str, path: Path) -> Lookup:
        table = self.spec.tables[name]
        folder = glob.escape(path.relative_to(self.raw).parent.as_posix())
        found = [file for pattern in table.patterns for file in self._glob(pattern.replace("{folder}", folder))]
        files = tuple(dict.fromkeys(found)) if table.patterns else (path,)
        return self._lookups.setdefault((name, files), Lookup(files, table.rows, table.key, table.value))

    @cached_property
    def _lookups(self) -> dict[tuple[str, tuple[Path, ...]], Lookup]:
        return {}


@contextmanager
def paused_collector() -> Iterator[None]:
    """Keep Python's cycle collector from running inside the block.

    For a batch of outcomes: they hold no cycles, and each collection would walk all that torch or datasets have
    loaded, a third of the time of a read.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def convert(record: Mapping[str, Any], ctx: Context, converter: Converter | None = None) -> Outcome:
    """One native record through its converter (the spec's by default), media found, regions resolved, all checked."""
    draft = _draft(record, ctx, converter or ctx.spec.convert)
    _complete([draft], ctx)
    return draft[0]


Draft = tuple[Outcome, Sequence[Sample | BadRecord]]
"""An outcome that is not complete yet, and what the converter made of its record."""


def _everything() -> tuple[int, float]:
    return 0, math.inf


def _drafts(rows: Iterator[Any], entry: Files, ctx: Context, numbers: range, first: int) -> list[Draft | None]:
    """The next records, of those numbers (fewer at the end); None for each before ``first``."""
    converter = entry.convert or ctx.spec.convert
    where = entry.where
    drafts: list[Draft | None] = []
    for row, record, *key in rows:
        if isinstance(record, BadRecord):
            drafts.append((Outcome(ctx.file, row, record.native, bad=[record]), ()))
        elif where is not None and record.get(where[0]) != where[1]:
            continue
        elif numbers[len(drafts)] < first:
            drafts.append(None)
        else:
            ctx.row = row
            ctx.key = key[0] if key else ""
            drafts.append(_draft(record, ctx, converter))
        if len(drafts) == len(numbers):
            break
    return drafts


def _holds_bytes(outcome: Outcome) -> bool:
    for sample in outcome.samples:
        for column in blobs_of(sample):
            for blob in column:
                if blob is not None and blob.bytes is not None:
                    return True
    return False


def _draft(record: Mapping[str, Any], ctx: Context, converter: Converter) -> Draft:
    ctx.reports = []
    outcome = Outcome(ctx.file, ctx.row, record, key=ctx.key, reports=ctx.reports)
    try:
        return outcome, list(converter(record, ctx))
    except BadRecord as error:
        outcome.bad.append(error)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        outcome.bad.append(BadRecord("record", f"the converter failed, {type(error).__name__}: {error}"))
    return outcome, ()


def _complete(drafts: Sequence[Draft], ctx: Context) -> None:
    """Finish and check the samples of several records, step by step, for each step's code to stay in the cache."""
    made: list[tuple[Outcome, Sample, int]] = []
    for outcome, children in drafts:
        ctx.row, ctx.reports = outcome.row, outcome.reports
        for k, child in enumerate(children):
            try:
                if isinstance(child, BadRecord):
                    raise child
                made.append((outcome, _finish(child, ctx, k if len(children) > 1 else -1), k))
            except BadRecord as error:
                _refuse(outcome, error, k)
    samples = [sample for _, sample, _ in made]
    try:
        texts: Iterable[bytes | None] = validated(samples)
    except (SchemaError, UnicodeEncodeError):
        texts = repeat(None)
    for (outcome, sample, k), text in zip(made, texts, strict=False):
        try:
            outcome.encoded.append(_checked(sample) if text is None else text)
            outcome.samples.append(sample)
        except BadRecord as error:
            _refuse(outcome, error, k)


def _refuse(outcome: Outcome, error: BadRecord, child: int) -> None:
    error.child = child
    outcome.bad.append(error)
    outcome.bad.sort(key=lambda bad: bad.child)


def _finish(draft: Sample, ctx: Context, k: int) -> Sample:
    """The converter's draft with everything that the engine knows."""
    blobs, media = _find_media(draft, ctx)
    base = f"{ctx.stem}:{ctx.row}"
    native = draft.id if ctx.spec.unique_id and draft.id else base
    return msgspec.structs.replace(
        draft,
        **blobs,
        media=media,
        regions=_resolve(draft.regions, media, ctx) if draft.regions else draft.regions,
        group=draft.group or base,
        id=native if k < 0 else f"{native}:{k}",
        dataset=ctx.spec.name,
        subset=ctx.subset,
        split=ctx.split,
    )


def _checked(sample: Sample) -> bytes:
    """The JSON of a sample without its media, after all checks; raises BadRecord."""
    try:
        return validated([sample])[0]
    except SchemaError as error:
        raise BadRecord(error.field, error.reason) from None
    except UnicodeEncodeError:
        raise BadRecord("record", "a text is not UTF-8, or holds half of a surrogate pair") from None


def _find_media(draft: Sample, ctx: Context) -> tuple[dict[str, list[Blob | None]], list[Media]]:
    """The blob columns and the media list with sizes. What the converter gave as bytes stays."""
    columns: dict[str, list[Blob | None]] = {}
    media = draft.media
    for i, entry in enumerate(media):
        name = COLUMNS[entry.type]
        column = columns.get(name)
        if column is None:
            column = columns[name] = list(getattr(draft, name))
        index = entry.index
        while len(column) <= index:
            column.append(None)
        blob = column[index]
        try:
            if blob is None and entry.ref:
                blob = ctx.media.find(entry.type, entry.ref)
            if blob is None:
                continue
            column[index], found = _opened(blob, entry, i, ctx)
        except UnreadableMedia as error:
            ctx.report(f"media[{i}]", f"missing: {error}")
            column[index], found = None, entry
        if found is not entry:
            media = list(media) if media is draft.media else media
            media[i] = found
    return columns, media


def _opened(blob: Blob, entry: Media, position: int, ctx: Context) -> tuple[Blob, Media]:
    """A medium as it is kept, and its entry with its header's size; raises UnreadableMedia."""
    if entry.type != "image":
        return ready(entry.type, blob, ctx.media.full_colour), entry
    width, height = image_size(blob.path if blob.bytes is None else blob.bytes)
    if entry.width and (entry.width, entry.height) != (width, height):
        ctx.report(f"media[{position}]", "the picture's size is not the one that the record tells")
    return blob, msgspec.structs.replace(entry, width=width, height=height)


def _resolve(regions: list[Region], media: list[Media], ctx: Context) -> list[Region]:
    """Regions with ordered corners and, where the picture's size is known, in frame norm."""
    sizes = {(m.type, m.index): (m.width, m.height) for m in media if m.width and m.height}
    out = []
    for i, region in enumerate(regions):
        box = region.box
        if len(box) == 4 and (box[0] > box[2] or box[1] > box[3]) and all(map(math.isfinite, box)):
            ctx.report(f"regions[{i}].box", "corners were not ordered")
            box = [min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])]
            region = msgspec.structs.replace(region, box=box)
        if size := sizes and sizes.get((region.modality, region.index)):
            region = resolve(region, size)
            if any([not -1e-3 <= v <= 1.001 for v in region.box]):
                ctx.report(f"regions[{i}].box", "reaches out of the picture")
        out.append(region)
    return out


def _options(spec: DatasetSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options with their defaults, texts of the command line read as the default's type."""
    if unknown := set(given) - set(spec.options):
        known = ", ".join(spec.options) or "none"
        raise ValueError(f"{spec.name} has no option {', '.join(sorted(unknown))}; its options: {known}")
    return {name: _option(name, given.get(name, default), type(default)) for name, default in spec.options.items()}


def _option(name: str, value: Any, kind: type) -> Any:
    if kind is bool and isinstance(value, str):
        if value.lower() not in ("true", "false"):
            raise ValueError(f"option {name}: {value!r} is neither true nor false")
        return value.lower() == "true"
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise ValueError(f"option {name}: {value!r} is no {kind.__name__}") from None


def how_to_get(spec: DatasetSpec, raw: Path, subset: str = "") -> str:
    """Which files are expected, from where, into which folder."""
    entries = [entry for entry in spec.files if entry.subset == (subset or spec.default_subset)]
    expected = "; ".join(
        f"{entry.split}: " + " or ".join(" + ".join(alternative) for alternative in entry.alternatives)
        for entry in entries
    )
    return f"{spec.name} expects in {raw}: {expected}. {spec.obtain}"
