"""Paint the red rectangle of the survey's region pictures: the whole photograph, the object framed."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from vlit_hub.curation.collect import Box

RED = (255, 0, 0)
QUALITY = 95


def frame(box: Box, width: int, height: int) -> tuple[tuple[int, int, int, int], int]:
    """Whole-pixel corners (inclusive, inside a width x height picture) and the line width, drawn inwards, in pixels."""
    x1, y1 = min(int(box[0]), width - 1), min(int(box[1]), height - 1)
    x2, y2 = max(x1, min(round(box[2]), width) - 1), max(y1, min(round(box[3]), height) - 1)
    line = max(2, round(max(width, height) / 200))
    return (x1, y1, x2, y2), max(1, min(line, (x2 - x1 + 1) // 3, (y2 - y1 + 1) // 3))


def paint(source: Path, target: Path | IO[bytes], box: Box) -> None:
    """Write ``source`` as a JPEG with the box (pixels of the stored picture) framed in red; the rest changes by JPEG
    error only. Raises OSError where the picture cannot be decoded."""
    from PIL import Image, ImageDraw

    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    corners, line = frame(box, *picture.size)
    ImageDraw.Draw(picture).rectangle(corners, outline=RED, width=line)
    picture.save(target, "JPEG", quality=QUALITY, subsampling=0)
