"""Processes that convert and write the records of one split.

Every worker reads the raw files itself, which costs a tenth of converting, and is dealt records BATCH by BATCH. What it
made of them stays with it: only sizes and index rows come here, where the places are decided in order, and the worker
writes the bytes at the places that it is told. So the files are those of a build in one process.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from vlit_hub.release import Release, paused_collector
from vlit_hub.shards import tar
from vlit_hub.shards.batch import Batch, BatchIndex, Segment
from vlit_hub.shards.build_report import Key
from vlit_hub.shards.converted import Converted, converted
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.manifest import ShardFile
from vlit_hub.shards.placing import Placed, Placing, shard_name
from vlit_hub.shards.reader import Heads, Reader
from vlit_hub.shards.writer import temporary, write_all

HOLD = 32 << 20
"""Bytes of media that a worker keeps in memory; beyond, it keeps paths and reads again when it writes."""


class Workers:
    """``count`` processes on one split. Use as a context manager: none outlives the block."""

    def __init__(self, count: int, release: Release, placing: Placing, batch: int, first: int) -> None:
        self._placing = placing
        self._open = len(placing.shards)
        """The first shard that is not finished already."""
        self._sums = _Sums(placing)
        self._arguments = (release, placing.key, placing.folder, placing.prefix, batch, first)
        self._count = count
        self._processes: dict[Connection, Any] = {}
        self._pending: deque[tuple[int, list[Segment]]] = deque()
        self._dealt = 0

    def __enter__(self) -> Workers:
        fork = multiprocessing.get_context("fork")  # a spec of the caller's own need not pickle
        for _ in range(self._count):
            ours, theirs = fork.Pipe()
            process = fork.Process(target=_work, args=(theirs, [*self._processes, ours], *self._arguments), daemon=True)
            process.start()
            theirs.close()
            self._processes[ours] = process
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes.values():
            process.terminate()
        for connection, process in self._processes.items():
            process.join()
            connection.close()
        self._sums.stop()

    def run(self, take: Callable[[Converted, BatchIndex], Placed]) -> Heads:
        """Until all is written; ``take`` gets what became of each batch, in order, and says where it goes."""
        heads: Heads = {}
        ready: dict[int, tuple[Connection, Converted, BatchIndex]] = {}
        written: set[int] = set()
        working = set(self._processes)
        placed = 0
        for connection in working:
            self._send(connection, self._deal())
        while working:
            waited = wait(list(working))
            for connection in [each for each in working if each in waited]:
                kind, number, *message = self._receive(connection)
                if kind == "batch":
                    ready[number] = (connection, message[0], message[1])
                elif kind == "written":
                    written.add(number)
                elif kind == "end":
                    working.discard(connection)
                    heads = message[0]
                else:
                    raise message[0]
            while placed in ready:
                connection, found, index = ready.pop(placed)
                places = take(found, index)
                segments = [segment for segment in places.segments if segment.shard >= self._open]
                self._pending.append((placed, segments))
                self._send(connection, (Placed(segments, places.stored), self._deal()))
                placed += 1
            self._collect(written)
        self._sums.end()
        return heads

    def _deal(self) -> int:
        """The number of the next batch of records."""
        self._dealt += 1
        return self._dealt - 1

    def _collect(self, written: set[int]) -> None:
        """Checksums go on behind what is written without a gap."""
        while self._pending and self._pending[0][0] in written:
            number, segments = self._pending.popleft()
            written.discard(number)
            for segment in segments:
                self._sums.add(segment)
        self._sums.finish()

    def _send(self, connection: Connection, message: Any) -> None:
        try:
            connection.send(message)
        except OSError:
            self._died(connection)

    def _receive(self, connection: Connection) -> Any:
        try:
            return connection.recv()
        except (EOFError, OSError):
            self._died(connection)

    def _died(self, connection: Connection) -> NoReturn:
        process = self._processes[connection]
        process.join()
        raise ShardError(
            f"a worker process ended with code {process.exitcode} (-9: killed, perhaps for memory); run the same "
            "command again, it goes on from the last finished shard"
        )


class _Sums:
    """A thread that checksums the shards behind the workers and puts whole ones in their place."""

    def __init__(self, placing: Placing) -> None:
        self._placing = placing
        self._thread = ThreadPoolExecutor(1)
        self._shards: deque[Future[ShardFile]] = deque()
        self._shard = -1
        self._samples = self._size = 0
        self._running: list[Future[None]] = []
        self._sum = hashlib.sha256()

    def add(self, segment: Segment) -> None:
        """The next segment is written."""
        if segment.shard != self._shard:
            self._close()
            self._shard, self._samples = segment.shard, 0
        self._samples += segment.stop - segment.first
        self._size = segment.offset + segment.size
        path = temporary(self._placing.path(segment.shard))
        self._running.append(self._thread.submit(self._update, path, segment.offset, segment.size))

    def _close(self) -> None:
        if self._shard >= 0:
            path = self._placing.path(self._shard)
            self._shards.append(self._thread.submit(self._whole, path, self._samples, self._size))

    def finish(self) -> None:
        """Hand over the shards that are whole; raises what the thread met."""
        while self._running and self._running[0].done():
            self._running.pop(0).result()
        while self._shards and self._shards[0].done():
            self._placing.close(self._shards.popleft().result())

    def end(self) -> None:
        """Close the last shard and wait for all."""
        self._close()
        for update in self._running:
            update.result()
        while self._shards:
            self._placing.close(self._shards.popleft().result())

    def stop(self) -> None:
        """End the thread, whatever it has still to do; what it has done counts."""
        self._thread.shutdown(cancel_futures=True)
        while self._shards and not self._shards[0].cancelled() and not self._shards[0].exception():
            self._placing.close(self._shards.popleft().result())

    def _update(self, path: Path, offset: int, size: int) -> None:
        with open(path, "rb", buffering=0) as file:
            file.seek(offset)
            while size:
                data = file.read(min(size, 1 << 20))
                if not data:
                    raise ShardError(f"{path} ends before its time")
                self._sum.update(data)
                size -= len(data)

    def _whole(self, path: Path, samples: int, size: int) -> ShardFile:
        unfinished = temporary(path)
        with open(unfinished, "r+b", buffering=0) as file:
            file.truncate(size)
            write_all(file.fileno(), tar.END, size)
            os.fsync(file.fileno())
        self._sum.update(tar.END)
        os.replace(unfinished, path)
        found = ShardFile(path.name, samples, size + len(tar.END), self._sum.hexdigest())
        self._sum = hashlib.sha256()
        return found


def _work(
    connection: Connection, others: list[Connection], release: Release, key: Key, folder: Path, prefix: str, batch: int,
    first: int,
) -> None:  # fmt: skip
    """A worker: convert the records of a batch, ask for their places, write them there, and the next."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    for other in others:  # else the parent's death would not be noticed
        other.close()
    number = 0
    try:
        reader = Reader(replace(release), key[2])  # no file that the parent has open is shared with it
        number = connection.recv()
        while True:
            made = Batch(HOLD)
            with paused_collector():
                start = first + number * batch
                found = converted(key, reader.records(start, start + batch), made)
            if not found.report.records:
                connection.send(("end", number, reader.heads))
                return
            connection.send(("batch", number, found, made.index))
            places, following = connection.recv()
            _write(made, places, folder, prefix)
            connection.send(("written", number))
            number = following
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(1)  # the parent is gone
    except Exception as error:
        connection.send(("error", number, portable(error)))


def _write(batch: Batch, places: Placed, folder: Path, prefix: str) -> None:
    batch.drop(places.stored)
    for segment in places.segments:
        path = temporary(folder / shard_name(prefix, segment.shard))
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            at = segment.offset
            for piece in batch.pieces(segment, prefix):
                write_all(file, piece, at)
                at += len(piece)
        finally:
            os.close(file)


def portable(error: Exception) -> Exception:
    """The error, or its words where it cannot cross the pipe."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
