"""``vlit.lock``: a mixture resolved, so that the same batches come anywhere, or an error says what is not as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from vlit_hub.shards.index import Index, fingerprint
from vlit_hub.shards.manifest import write_atomic
from vlit_hub.shards.plan import Plan

NAME = "vlit.lock"
VERSION = 1


class LockError(ValueError):
    """Shards, weights, filters or a measure that are not those of the lock; names each and both values."""


class LockedSplit(msgspec.Struct, frozen=True):
    """One split of a folder: its samples, the checksums of its shards and of its index."""

    dataset: str
    prefix: str
    samples: int
    shards: dict[str, str]
    """File -> sha256."""
    rows: str
    media: str


class LockedPart(msgspec.Struct, frozen=True):
    """One folder of shards, in the order of the mixture; ``revision`` is the fingerprint over all its checksums."""

    revision: str
    splits: list[LockedSplit]


class LockedSource(msgspec.Struct, frozen=True):
    """What one source gives: samples before and after its cap, expected samples and tokens an epoch."""

    name: str
    matching: int
    samples: int
    samples_per_epoch: int
    tokens_per_epoch: int


class Lock(msgspec.Struct, frozen=True):
    """``mixture`` is the document that was resolved (its seed, weights, filters, paths as written), ``plan`` what the
    plan's ``fingerprint`` is made of, its measure among it."""

    fingerprint: str
    mixture: dict[str, Any]
    plan: dict[str, Any]
    sources: list[LockedSource]
    parts: list[LockedPart]
    lock: int = VERSION

    @classmethod
    def of(cls, plan: Plan, index: Index, document: Mapping[str, Any]) -> Lock:
        """The lock of a plan over the index of a mixture's parts."""
        names = LockedSource.__struct_fields__
        return cls(
            fingerprint=plan.fingerprint,
            mixture=dict(document),
            plan=plan.facts,
            sources=[LockedSource(**{name: getattr(share, name) for name in names}) for share in plan.shares],
            parts=_parts(index),
        )

    @classmethod
    def load(cls, path: str | Path) -> Lock:
        """Raises LockError where the file is no lock of this version."""
        try:
            lock = msgspec.json.decode(Path(path).read_bytes(), type=cls)
        except msgspec.DecodeError as error:
            raise LockError(f"{path} is no lock: {error}; write it with vlit mix MIX.yaml --lock") from None
        if lock.lock != VERSION:
            raise LockError(f"{path}: a lock of version {lock.lock}; this version reads {VERSION}: lock again")
        return lock

    def save(self, path: str | Path) -> None:
        """Write it, whole or not at all."""
        write_atomic(Path(path), msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    def check_shards(self, index: Index) -> None:
        """Raise LockError naming every shard and table whose checksum in the manifests is not the locked one."""
        locked, here = (msgspec.to_builtins(parts) for parts in (self.parts, _parts(index)))
        if found := list(differences(locked, here)):
            raise LockError("these are not the locked shards: " + "; ".join(_short(found)))

    def check_plan(self, plan: Plan) -> None:
        """Raise LockError naming every fact of the plan that is not the locked one."""
        found = list(differences(self.plan, msgspec.to_builtins(plan.facts)))
        if found:
            hint = " (measure with the processor and max_length it was locked with)" if "measure" in found[0] else ""
            raise LockError("this is not the locked plan: " + "; ".join(_short(found)) + hint)
        if plan.fingerprint != self.fingerprint:
            raise LockError(
                f"fingerprint: {self.fingerprint} in the lock, {plan.fingerprint} now: other code ordered it"
            )

    def check_mixture(self, document: Mapping[str, Any]) -> None:
        """Raise LockError naming every key of a mixture's document that was changed since."""
        if found := list(differences(self.mixture, dict(document))):
            raise LockError("the mixture was changed since it was locked: " + "; ".join(_short(found)))


def _parts(index: Index) -> list[LockedPart]:
    found = []
    for part in range(len(index.parts)):
        splits = tuple(split for number, split in enumerate(index.splits) if index.part_of(number) == part)
        locked = [
            LockedSplit(
                split.dataset,
                split.prefix,
                split.samples,
                {shard.file: shard.sha256 for shard in split.shards},
                split.rows.sha256,
                split.media.sha256,
            )
            for split in splits
        ]
        found.append(LockedPart(fingerprint(splits), locked))
    return found


def differences(then: Any, now: Any, what: str = "the lock", where: str = "") -> Iterator[str]:
    """``place: x in the lock, y now`` of every leaf that differs; entries of a list go by a name they have."""
    if isinstance(then, list) and isinstance(now, list):
        then, now = _named(then), _named(now)
    if isinstance(then, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*then, *now]):
            place = f"{where}.{key}" if where else str(key)
            yield from differences(then.get(key, "absent"), now.get(key, "absent"), what, place)
    elif then != now:
        yield f"{where}: {then!r} in {what}, {now!r} now"


def _named(entries: list[Any]) -> dict[str, Any]:
    found = {}
    for number, entry in enumerate(entries):
        name = next(
            (entry[key] for key in ("name", "prefix", "shards") if isinstance(entry, dict) and key in entry), ""
        )
        found[name if isinstance(name, str) and name and name not in found else str(number)] = entry
    return found


def _short(found: list[str], most: int = 8) -> list[str]:
    return found if len(found) <= most else [*found[:most], f"and {len(found) - most} more"]
