"""The tars of another's WebDataset read into batches of our Samples, by this process or by several, in their order."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from vlit_hub.shards.batch import Batch
from vlit_hub.shards.errors import ShardError
from vlit_hub.shards.foreign import LeftOut, Mapper
from vlit_hub.shards.foreign_tar import Group, Tar
from vlit_hub.shards.manifest import ShardFile
from vlit_hub.shards.workers import portable
from vlit_hub.shards.writer import HELD, SAMPLES

AHEAD = 2
"""Tars for each process that may be read before their turn: their texts are held in memory."""


@dataclass
class Piece:
    """Some records in a row of one tar."""

    batch: Batch = field(default_factory=Batch)
    """Their Samples, without the media."""
    records: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """Why a record or a member was left out -> how often."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Extension -> members that were not read."""
    shard: ShardFile | None = None
    """The tar, once it was read to its end: its last piece."""


@dataclass(frozen=True)
class Reading:
    """What is read how; ``strict``: the first record or member that is left out raises ShardError."""

    folder: Path
    tars: tuple[str, ...]
    mapper: Mapper
    strict: bool = False

    def pieces(self, number: int) -> Iterator[Piece]:
        """One tar; raises ShardError where it is truncated, compressed or broken."""
        file, records, piece = self.tars[number], 0, Piece()
        tar = Tar(self.folder / file)
        for group in tar.groups():
            self._take(piece, group, number, records)
            records += 1
            if len(piece.batch) >= SAMPLES or piece.batch.held >= HELD:
                yield piece
                piece = Piece()
        if self.strict and tar.faults:
            raise ShardError(f"{self.folder / file}: {next(iter(tar.faults))}")
        piece.skipped += tar.faults
        piece.unknown, piece.shard = tar.unknown, ShardFile(file, 0, tar.size, tar.sha256)
        yield piece

    def _take(self, piece: Piece, group: Group, number: int, row: int) -> None:
        piece.records += 1
        try:
            made = self.mapper.samples(group, self.tars[number], row)
        except LeftOut as reason:
            if self.strict:
                raise ShardError(f"{self.folder / self.tars[number]}: {group.key}: {reason}") from None
            piece.skipped[_reason(str(reason))] += 1
            return
        for sample, members in made:
            piece.batch.add(sample)
            piece.batch.index.elsewhere += [(number, member.offset) if member else (0, 0) for member in members]
        piece.batch.keep_texts(len(made))


def _reason(text: str) -> str:
    """A reason with indices and quoted values left out, so that equal faults count together."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\[.*?\]|\d+", "_", text)[:120]


def in_order(reading: Reading, numbers: range, workers: int) -> Generator[tuple[int, Iterable[Piece]], None, None]:
    """(number, pieces) of each tar; the generator must be closed. Errors are raised at the turn of their tar."""
    if workers == 1 or len(numbers) < 2:
        yield from ((number, reading.pieces(number)) for number in numbers)
        return
    connections: dict[Connection, Any] = {}
    try:
        fork = multiprocessing.get_context("fork")  # a spec of the caller's own need not pickle
        for _ in range(min(workers, len(numbers))):
            ours, theirs = fork.Pipe()
            process = fork.Process(target=_work, args=(theirs, [*connections, ours], reading), daemon=True)
            process.start()
            theirs.close()
            connections[ours] = process
        yield from _dealt(connections, numbers)
    finally:
        for process in connections.values():
            process.terminate()
        for connection, process in connections.items():
            process.join()
            connection.close()


def _dealt(connections: dict[Connection, Any], numbers: range) -> Iterator[tuple[int, Iterable[Piece]]]:
    idle, following = list(connections), numbers.start
    ready: dict[int, list[Piece] | Exception] = {}
    for number in numbers:
        while number not in ready:
            while idle and following < min(numbers.stop, number + AHEAD * len(connections)):
                idle.pop().send(following)
                following += 1
            for connection in wait([each for each in connections if each not in idle]):
                assert isinstance(connection, Connection)
                try:
                    done, result = connection.recv()
                except (EOFError, OSError):
                    connections[connection].join()
                    raise ShardError(
                        f"a worker process ended with code {connections[connection].exitcode} (-9: killed, perhaps for "
                        "memory); run the same command again, it goes on from the last finished tar"
                    ) from None
                ready[done] = result
                idle.append(connection)
        found = ready.pop(number)
        if isinstance(found, Exception):
            raise found
        yield number, found


def _work(connection: Connection, others: list[Connection], reading: Reading) -> None:
    """A worker: read the tar of each number that it is sent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    for other in others:  # else the parent's death would not be noticed
        other.close()
    parent = os.getppid()
    try:
        for number in iter(partial(connection.recv), None):
            pieces: list[Piece] = []
            try:
                for piece in reading.pieces(number):
                    pieces.append(piece)
                    if os.getppid() != parent:
                        os._exit(1)
            except Exception as error:
                connection.send((number, portable(error)))
            else:
                connection.send((number, pieces))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(1)  # the parent is gone
