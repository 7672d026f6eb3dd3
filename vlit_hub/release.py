"""A raw release on disk, read as Samples: which files there are, one outcome per native record."""

from __future__ import annotations

import gc
import glob
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from vlit_hub.formats.readers import READERS, container_of
from vlit_hub.formats.tables import Lookup
from vlit_hub.formats.window import WHOLE, Window
from vlit_hub.media import image_size
from vlit_hub.media_errors import UnreadableMedia
from vlit_hub.media_finder import MediaFinder
from vlit_hub.media_forms import ready
from vlit_hub.media_roots import list_files
from vlit_hub.regions import resolve
from vlit_hub.schema import COLUMNS, Blob, Media, Region, Sample, SchemaError, check, from_json, strip_media, to_json
from vlit_hub.spec import BadRecord, Context, Converter, DatasetSpec, Files


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
        rows = [relative for relative, _, _ in list_files(self.raw) if container_of(Path(relative))]
        return [relative for relative in rows if self.raw / relative not in taken]

    def read(self, split: str, heads: dict[str, dict[str, Any]] | None = None) -> Iterator[Outcome]:
        """One Outcome per native record of a split; file-level facts go to ``heads[file]``."""
        return (outcome for outcome in self.read_some(split, heads, lambda: True) if outcome is not None)

    def read_some(
        self, split: str, heads: dict[str, dict[str, Any]] | None, wanted: Callable[[], bool]
    ) -> Iterator[Outcome | None]:
        """As :meth:`read`; None in the place of a record that is not ``wanted`` when its turn comes: not converted."""
        if split not in self.files:
            raise ValueError(f"{self.spec.name} has no files of split {split!r} here; found: {', '.join(self.files)}")
        for entry, path in self.files[split]:
            yield from self._read_file(entry, path, heads, WHOLE, wanted)

    def read_file(
        self,
        entry: Files,
        path: Path,
        heads: dict[str, dict[str, Any]] | None = None,
        window: Window = WHOLE,
    ) -> Iterator[Outcome]:
        """One Outcome per native record of one file, or of a window of it (formats/window.py)."""
        outcomes = self._read_file(entry, path, heads, window, lambda: True)
        return (outcome for outcome in outcomes if outcome is not None)

    def _read_file(
        self,
        entry: Files,
        path: Path,
        heads: dict[str, dict[str, Any]] | None,
        window: Window,
        wanted: Callable[[], bool],
    ) -> Iterator[Outcome | None]:
        ctx = self.context(entry, path)
        if heads is not None:
            heads[ctx.file] = ctx.head
        container = entry.container or container_of(path)
        for row, record, *key in READERS[container](path, entry.rows, ctx.head, window):
            if isinstance(record, BadRecord):
                yield Outcome(ctx.file, row, record.native, bad=[record])
            elif entry.where is None or record.get(entry.where[0]) == entry.where[1]:
                if not wanted():
                    yield None
                    continue
                ctx.row = row
                ctx.key = key[0] if key else ""
                yield convert(record, ctx, entry.convert)

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
    ctx.reports = []
    outcome = Outcome(ctx.file, ctx.row, record, key=ctx.key, reports=ctx.reports)
    try:
        children = list((converter or ctx.spec.convert)(record, ctx))
    except BadRecord as error:
        outcome.bad.append(error)
        return outcome
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError) as error:
        outcome.bad.append(BadRecord("record", f"the converter failed, {type(error).__name__}: {error}"))
        return outcome
    for k, child in enumerate(children):
        try:
            if isinstance(child, BadRecord):
                raise child
            sample = _finish(child, ctx, k if len(children) > 1 else -1)
            outcome.encoded.append(_checked(sample))
            outcome.samples.append(sample)
        except BadRecord as error:
            error.child = k
            outcome.bad.append(error)
    return outcome


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
        encoded = to_json(strip_media(sample))
        from_json(encoded)
        check(sample)
    except SchemaError as error:
        raise BadRecord(error.field, error.reason) from None
    except UnicodeEncodeError:
        raise BadRecord("record", "a text is not UTF-8, or holds half of a surrogate pair") from None
    return encoded


def _find_media(draft: Sample, ctx: Context) -> tuple[dict[str, list[Blob | None]], list[Media]]:
    """The blob columns and the media list with sizes. What the converter gave as bytes stays."""
    if not draft.media:
        return {}, draft.media
    columns: dict[str, list[Blob | None]] = {}
    media: list[Media] = []
    for entry in draft.media:
        name = COLUMNS[entry.type]
        column = columns.get(name) or columns.setdefault(name, list(getattr(draft, name)))
        if entry.index >= len(column):
            column += [None] * (entry.index + 1 - len(column))
        blob = column[entry.index]
        try:
            entry, blob = _found(entry, blob, len(media), ctx)
        except UnreadableMedia as error:
            ctx.report(f"media[{len(media)}]", f"missing: {error}")
            blob = None
        column[entry.index] = blob
        media.append(entry)
    return columns, media


def _found(entry: Media, blob: Blob | None, position: int, ctx: Context) -> tuple[Media, Blob | None]:
    """A medium with its header's size, checked; raises UnreadableMedia."""
    if blob is None and entry.ref:
        blob = ctx.media.find(entry.type, entry.ref)
    if blob is None:
        return entry, None
    if entry.type != "image":
        return entry, ready(entry.type, blob, ctx.media.full_colour)
    width, height = image_size(blob.path if blob.bytes is None else blob.bytes)
    if entry.width and (entry.width, entry.height) != (width, height):
        ctx.report(f"media[{position}]", "the picture's size is not the one that the record tells")
    return msgspec.structs.replace(entry, width=width, height=height), blob


def _resolve(regions: list[Region], media: list[Media], ctx: Context) -> list[Region]:
    """Regions with ordered corners and, where the picture's size is known, in frame norm."""
    sizes = {(m.type, m.index): (m.width, m.height) for m in media if m.width and m.height}
    out = []
    for i, region in enumerate(regions):
        box = region.box
        if box and all(math.isfinite(v) for v in box) and (box[0] > box[2] or box[1] > box[3]):
            ctx.report(f"regions[{i}].box", "corners were not ordered")
            box = [min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])]
            region = msgspec.structs.replace(region, box=box)
        size = sizes.get((region.modality, region.index))
        if size:
            region = resolve(region, size)
            if any(not -1e-3 <= v <= 1.001 for v in region.box):
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
