"""Samples -> plain WebDataset shards with an index and a manifest beside them."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import Any

from vlit_hub.schema import Sample
from vlit_hub.shards import manifest as manifests
from vlit_hub.shards import tar
from vlit_hub.shards.batch import Batch, Segment
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.manifest import ShardFile
from vlit_hub.shards.placing import MAX_BYTES, MAX_SAMPLES, Placing, drop_split, prefix_of

__all__ = ["MAX_BYTES", "MAX_SAMPLES", "ShardWriter", "drop_split", "prefix_of"]

SAMPLES = 256
HELD = 4 << 20
"""Samples, and bytes of them, that wait to be written together."""
SYNCED = 16 << 20
"""Bytes after which a shard is brought to the disk beside the writing, so that its end has little to wait for."""


class ShardWriter:
    """Writes one split of a dataset into ``out_dir``; several splits may share the folder, one after another.

    Use as a context manager. A shard is closed before it would exceed ``max_bytes``, or at ``max_samples``. What the
    folder held of this split is dropped at the start; its index and manifest entry appear when the block ends
    without an error. Equal samples give byte-identical files. ``share_media`` stores a medium once per group: only
    our own reader finds the others.
    """

    def __init__(
        self,
        out_dir: str | Path,
        name: str,
        subset: str,
        split: str,
        *,
        max_bytes: int = MAX_BYTES,
        max_samples: int = MAX_SAMPLES,
        share_media: bool = False,
    ) -> None:
        self._placing = Placing(
            Path(out_dir), (name, subset, split), max_bytes=max_bytes, max_samples=max_samples, share=share_media
        )
        self.facts: dict[str, Any] = {}
        """File-level facts for the manifest; to be filled before the block ends."""
        self.samples = 0
        self._threads = ThreadPoolExecutor(2)
        self._sink = InOrder(self._placing, self._threads)
        self._batch = Batch()

    def __enter__(self) -> ShardWriter:
        self._placing.start()
        return self

    @property
    def shards(self) -> list[ShardFile]:
        """Those that are finished."""
        return self._placing.shards

    def write(self, sample: Sample, encoded: bytes | None = None) -> str:
        """Add one canonical sample (``canonical.validate``) and return its key.

        ``encoded``: its JSON without media, where the caller has it already. Blobs hold bytes, or the path of a file
        that is read here. Raises MediumError naming sample and medium where one cannot be read or is empty; nothing
        of the sample is written then, and the next one can follow.
        """
        self._batch.add(sample, encoded)
        self.samples += 1
        if len(self._batch) >= SAMPLES or self._batch.held >= HELD:
            self._flush()
        return f"{self._placing.prefix}-{self.samples - 1:09d}"

    def _flush(self) -> None:
        self._sink.take(self._batch)
        self._batch = Batch()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._threads:
            try:
                if kind is None:
                    self._finish()
            except BaseException:
                self._discard()
                raise
            if kind is not None:
                self._discard()

    def _finish(self) -> None:
        self._flush()
        self._sink.close()
        self._placing.facts = self.facts
        manifests.replace_split(self._placing.folder, self._placing.prefix, self._placing.finish())

    def _discard(self) -> None:
        self._sink.discard()
        self._placing.discard()


class InOrder:
    """Writes batches into shards one after another; two ``threads``, where given, take the checksums on the way and
    bring the shards to the disk."""

    def __init__(self, placing: Placing, threads: Executor | None = None) -> None:
        self.placing, self._threads = placing, threads
        self._shard: _Shard | None = None

    def take(self, batch: Batch) -> None:
        """Place a batch and write it; what lies in shards that are finished already is not written again."""
        segments, stored = self.placing.place(batch.index)
        batch.drop(stored)
        for segment in segments:
            if segment.shard >= len(self.placing.shards):
                self._write(batch, segment)

    def _write(self, batch: Batch, segment: Segment) -> None:
        if not segment.offset:
            self.close()
            self._shard = _Shard(self.placing.folder, self.placing.file(segment.shard), self._threads)
        assert self._shard is not None
        for piece in batch.pieces(segment, self.placing.prefix):
            self._shard.write(piece)
        self._shard.samples += segment.stop - segment.first

    def reopen(self) -> None:
        """Go on with the shard that the placing stands in, as an interrupted writer left it."""
        state = self.placing.state
        if state.in_shard:
            file = self.placing.file(state.shard)
            self._shard = _Shard(self.placing.folder, file, self._threads, state.size, state.in_shard)

    def flush(self) -> None:
        """Bring what was written to the disk."""
        if self._shard is not None:
            self._shard.flush()

    def leave(self) -> None:
        """Close the unfinished shard and leave it, to go on with later."""
        if self._shard is not None:
            self._shard.leave()
            self._shard = None

    def close(self) -> None:
        """Finish the last shard."""
        if self._shard is not None:
            self.placing.close(self._shard.close())
            self._shard = None

    def discard(self) -> None:
        """Drop the unfinished shard."""
        if self._shard is not None:
            self._shard.discard()
            self._shard = None


def temporary(path: Path) -> Path:
    """The name of a shard until it is finished."""
    return path.with_name(f".{path.name}.tmp")


class _Shard:
    """One tar in the making, under a temporary name until it is closed. ``size``: go on behind so many bytes, of so
    many ``samples``, that an interrupted writer left."""

    def __init__(self, folder: Path, name: str, threads: Executor | None, size: int = 0, samples: int = 0) -> None:
        self._threads = threads
        self._summing: Future[None] | None = None
        self._syncing: Future[None] | None = None
        self._synced = size
        self.path, self._name = folder / name, name
        self.samples, self.size = samples, size
        self._sum = hashlib.sha256()
        self._temporary = temporary(self.path)
        if size and self.path.exists():  # closed, but its owner did not come to its end
            os.replace(self.path, self._temporary)
        self._file = open(self._temporary, "r+b" if size else "w+b", buffering=0)
        if size:
            self._recall()

    def _recall(self) -> None:
        if os.fstat(self._file.fileno()).st_size < self.size:
            raise ShardError(
                f"{self._temporary} does not hold the {self.size} bytes that it had: delete it and begin anew"
            )
        self._file.truncate(self.size)
        while data := self._file.read(1 << 20):
            self._sum.update(data)

    def write(self, data: bytes) -> None:
        """Append whole members."""
        if self._threads is None:
            self._sum.update(data)
        else:
            if self._summing is not None:
                self._summing.result()
            self._summing = self._threads.submit(self._sum.update, data)
        write_all(self._file.fileno(), data, self.size)
        self.size += len(data)
        if self._threads is not None and self.size - self._synced >= SYNCED:
            self._await_sync()
            self._syncing = self._threads.submit(os.fdatasync, self._file.fileno())
            self._synced = self.size

    def close(self) -> ShardFile:
        self.write(tar.END)
        self._await_sync()
        os.fsync(self._file.fileno())
        if self._summing is not None:
            self._summing.result()
        self._file.close()
        os.replace(self._temporary, self.path)
        return ShardFile(self._name, self.samples, self.size, self._sum.hexdigest())

    def _await_sync(self) -> None:
        if self._syncing is not None:
            self._syncing.result()

    def flush(self) -> None:
        os.fsync(self._file.fileno())

    def leave(self) -> None:
        self._await_sync()
        self._file.close()

    def discard(self) -> None:
        wait([self._syncing] if self._syncing else [])
        self._file.close()
        self._temporary.unlink(missing_ok=True)


def write_all(file: int, data: bytes, offset: int) -> None:
    """``os.pwrite`` until everything is written."""
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
