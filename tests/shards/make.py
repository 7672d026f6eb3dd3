"""Small splits for the tests of the shards."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.strategies import picture
from vlit_hub.schema import Blob, Media, Message, Part, Sample
from vlit_hub.shards import ShardWriter


def sample(number: int, pictures: int = 0, *, role: str = "assistant", train: bool = True) -> Sample:
    """A conversation whose id is its number, with so many pictures, png and jpg in turn."""
    blobs = [Blob(bytes=picture(number + i, "JPEG" if (number + i) % 2 else "PNG")) for i in range(pictures)]
    parts = [Part(type="image", index=i) for i in range(pictures)]
    return Sample(
        images=list(blobs),
        messages=[
            Message("user", [*parts, Part(text=f"question {number}")]),
            Message(role, [Part(text=f"answer {number}")], train=train),  # type: ignore[arg-type]
        ],
        media=[Media("image", i, ref=f"{number}_{i}.jpg", width=3, height=2) for i in range(pictures)],
        group=f"g{number // 2}",
        id=str(number),
        dataset="demo",
        subset="default",
        split="train",
    )


def write(folder: Path, samples: list[Sample], *, split: str = "train", per_shard: int = 10_000) -> Path:
    """One split of dataset demo in ``folder``."""
    with ShardWriter(folder, "demo", "default", split, max_samples=per_shard) as writer:
        for each in samples:
            writer.write(each)
    return folder


def files(folder: Path) -> dict[str, str]:
    """Relative path -> sha256 of every file, hidden ones too."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
