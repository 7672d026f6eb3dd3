"""Replies known from before, by exact request: two runs give the same numbers, and several processes share one run.

A request is the sample as it is asked (texts, regions, choices, bytes of its pictures and videos), the model's weights,
the processor and the settings. Batches are run whole or not at all, so that a reply does not depend on what was known.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from vlit_hub.evaluation.questions import mentioned
from vlit_hub.schema import Sample

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Answerer = Callable[[Sequence[Sample]], Sequence[str]]
TABLE = "create table if not exists replies (request blob primary key, reply text) without rowid"
ELSEWHERE = ""
"""Stands for the reply to a request of another process's share; a run with a share gives no figures."""


class ReplyCache:
    """Replies in a file of SQLite's, which several processes may write at once.

    ``share`` (number, of): ask only the batches of this share, to fill the file; what others ask stays ELSEWHERE.
    """

    def __init__(self, path: str | Path, share: tuple[int, int] | None = None) -> None:
        if share is not None and not 0 <= share[0] < share[1]:
            raise ValueError(f"share: {share[0]} of {share[1]}; the first is 0")
        self.path, self.share = Path(path), share
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(self.path, timeout=600, isolation_level=None)
        try:
            self._file.execute("pragma journal_mode=wal")
            self._file.execute(TABLE)
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{self.path}: {error}; give the name of a new file, or of a cache of replies") from None
        self.hits = self.asked = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def over(self, answer: Answerer, settings: Sequence[Any]) -> Answerer:
        """``answer``, asked only for batches of which a reply is not known. ``settings``: what else it depends on."""
        head = json.dumps(settings).encode()

        def known(samples: Sequence[Sample]) -> Sequence[str]:
            keys = [_request(head, sample) for sample in samples]
            found = [self._get(key) for key in keys]
            if all(reply is not None for reply in found):
                self.hits += len(keys)
                return [str(reply) for reply in found]
            if self.share and int.from_bytes(keys[0][:8], "big") % self.share[1] != self.share[0]:
                return [ELSEWHERE] * len(keys)
            said = list(answer(samples))
            self.asked += len(said)
            self._file.execute("begin immediate")
            self._file.executemany("insert or ignore into replies values (?, ?)", zip(keys, said, strict=True))
            self._file.execute("commit")
            return said

        return known

    def _get(self, key: bytes) -> str | None:
        row = self._file.execute("select reply from replies where request = ?", (key,)).fetchone()
        return None if row is None else row[0]


def _request(head: bytes, sample: Sample) -> bytes:
    """32 bytes over everything that a reply depends on; ids, references and reports' names are not of it."""
    seen = mentioned(sample)
    said = [sample.messages, sample.tools, sample.regions, sample.choices]
    sizes = [[m.type, m.index, m.width, m.height] for m in sample.media]
    digest = hashlib.blake2b(head, digest_size=32)
    digest.update(msgspec.json.encode([said, sizes, seen]))
    shown = [sample.images[index] for index in seen]
    if videos := mentioned(sample, "video"):
        digest.update(msgspec.json.encode([[m.index, m.start, m.end] for m in sample.media if m.type == "video"]))
        shown += [sample.videos[index] for index in videos]
    for blob in shown:
        data = b"" if blob is None else Path(blob.path).read_bytes() if blob.bytes is None else blob.bytes
        digest.update(hashlib.blake2b(data).digest())
    return digest.digest()


def fingerprint_of(model: PreTrainedModel) -> str:
    """32 hexadecimal digits over a model's configuration and every weight."""
    import torch

    digest = hashlib.blake2b(model.config.to_json_string(use_diff=False).encode(), digest_size=16)
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
