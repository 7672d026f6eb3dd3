"""Every answer of an endpoint, kept in sqlite by the hash of what was asked: a run that goes on asks nothing twice."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Reply:
    """What an endpoint said; ``prompt`` and ``completion`` in tokens."""

    text: str
    finish: str
    model: str
    prompt: int
    completion: int


class Cache:
    """Replies by payload; each is on disk before it is used. One process writes at a time."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(self.path, timeout=60)
        try:
            self._base.execute("pragma journal_mode = wal")
            self._base.execute("create table if not exists replies (key text primary key, payload text, reply text)")
        except sqlite3.DatabaseError as error:
            self._base.close()
            raise ValueError(f"{path}: no cache of requests ({error}); name another file") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._base.close()

    def __len__(self) -> int:
        with closing(self._base.execute("select count(*) from replies")) as rows:
            return rows.fetchone()[0]

    def get(self, payload: Mapping[str, Any]) -> Reply | None:
        """The reply to this payload, if it was ever given."""
        with closing(self._base.execute("select reply from replies where key = ?", (key(payload),))) as rows:
            row = rows.fetchone()
        return Reply(**json.loads(row[0])) if row else None

    def put(self, payload: Mapping[str, Any], reply: Reply) -> None:
        """Keep a reply."""
        with self._base:
            self._base.execute(
                "insert or replace into replies values (?, ?, ?)",
                (key(payload), _plain(payload), _plain(asdict(reply))),
            )


def key(payload: Mapping[str, Any]) -> str:
    """SHA-256 over the payload with its keys sorted."""
    return hashlib.sha256(_plain(payload).encode()).hexdigest()


def _plain(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
