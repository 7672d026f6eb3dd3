"""Where a marked box of a picture lies in what the model gets, found by running the native image processor on one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vlit_hub.regions import dialect, parse, render
from vlit_hub.schema import Region
from vlit_hub.verify.native import make, views

Size = tuple[int, int]
"""(width, height) in pixels."""
MARK = (0.05, 0.1, 0.6, 0.8)
"""The marked box, 0..1 of the stored picture."""
APART = 1.5
"""Pixels of the model's picture by which an edge may lie elsewhere than said: what resizing blurs."""


@dataclass(frozen=True)
class Landing:
    """A mark on a picture of one size, and what the native image processor made of it."""

    mark: list[float]
    """The marked box, 0..1 of the stored picture: MARK on whole pixels."""
    shown: Size
    """Of the picture that the model gets, or of its view of the whole of it."""
    box: list[float]
    """Where the mark lies, 0..1 of that picture; empty where it is not seen."""


def land(native: Any, size: Size, alone: bool = True) -> Landing:
    """Pictures of ``size`` that differ in the mark alone, as the model gets them; ``alone`` in their sample or not."""
    import PIL.Image

    left, top, right, bottom = (round(value * size[i % 2]) for i, value in enumerate(MARK))
    corners = left, top, max(right, left + 1), max(bottom, top + 1)
    plain = PIL.Image.new("RGB", size)
    marked, cornered = plain.copy(), plain.copy()
    marked.paste((255, 255, 255), corners)
    for box in _corners(size):
        cornered.paste((255, 255, 255), box)
    shown = [_shown(native, picture, 1 if alone else 2) for picture in (plain, marked, cornered)]
    number = _whole(np.abs(shown[2] - shown[0]))
    rows_and_columns = np.abs(shown[1][number] - shown[0][number]).sum(0)
    across, down = _extent(rows_and_columns.sum(0)), _extent(rows_and_columns.sum(1))
    return Landing(
        mark=[corner / size[i % 2] for i, corner in enumerate(corners)],
        shown=(rows_and_columns.shape[1], rows_and_columns.shape[0]),
        box=[across[0], down[0], across[1], down[1]] if across and down else [],
    )


def _corners(size: Size) -> list[tuple[int, int, int, int]]:
    """Boxes of a sixteenth of each side, in the corners of a picture."""
    width, height = max(size[0] // 16, 1), max(size[1] // 16, 1)
    return [(x, y, x + width, y + height) for x in (0, size[0] - width) for y in (0, size[1] - height)]


def _shown(native: Any, picture: Any, count: int) -> np.ndarray:
    """The views (views, 3, height, width) of the first of ``count`` equal pictures of a sample."""
    made = make(native, [picture] * count).pixels
    if "image_grid_thw" in made:
        return _patches_joined(made, native.image_processor)
    found = views(made)
    return found[: len(found) // count]


def _whole(cornered: np.ndarray) -> int:
    """Which view shows the whole picture: a corner lies in each of its quarters, and least of it is corner."""
    height, width = (side // 2 for side in cornered.shape[-2:])
    lit = (cornered.max(1) > 0).astype(float)
    halves = [lit[:, rows] for rows in (slice(None, height), slice(height, None))]
    quarters = [half[..., columns] for half in halves for columns in (slice(None, width), slice(width, None))]
    seen = sum((quarter.max((1, 2)) for quarter in quarters), np.zeros(len(lit)))
    return int((seen - lit.mean((1, 2))).argmax())


def _patches_joined(made: Any, images: Any) -> np.ndarray:
    """Qwen's rows of patches of the first picture, merged blocks together, as one (1, 3, height, width)."""
    _, height, width = made["image_grid_thw"][0].tolist()
    side, merged = images.patch_size, images.merge_size
    patches = made["pixel_values"].numpy()[: height * width]
    blocks = patches.reshape(height // merged, width // merged, merged, merged, 3, -1, side, side)[..., 0, :, :]
    return blocks.transpose(4, 0, 2, 5, 1, 3, 6).reshape(1, 3, height * side, width * side)


def _extent(profile: np.ndarray) -> tuple[float, float] | None:
    """Both ends of a plateau, 0..1 of the profile, to parts of a pixel; None where there is none."""
    if not profile.any():
        return None
    width = profile.sum() / profile.max()
    centre = (profile * (np.arange(len(profile)) + 0.5)).sum() / profile.sum()
    return (centre - width / 2) / len(profile), (centre + width / 2) / len(profile)


def misplaced(landing: Landing, size: Size, name: str) -> str:
    """What is wrong with the numbers that dialect ``name`` writes for the mark; "" where the model sees it there.

    Its frame is what they are numbers of: the picture as stored (pixel), as the model gets it (resized), or 0..1.
    """
    rules = dialect(name)
    written = render("", [Region(box=landing.mark)], name, size, lambda width, height: landing.shown)
    boxes = [piece[1][0].box for piece in parse(written, name) if not isinstance(piece, str)]
    unit = {"pixel": size, "resized": landing.shown}.get(rules.frame, (1, 1))
    said = [value / unit[i % 2] for i, value in enumerate(boxes[0])]
    if landing.box and all(
        abs(a - b) <= APART / landing.shown[i % 2] + rules.quantum / 2 / unit[i % 2]
        for i, (a, b) in enumerate(zip(said, landing.box, strict=True))
    ):
        return ""
    lies = f"lies at {_short(landing.box)} of what the model gets" if landing.box else "is not seen by the model"
    return f"a box in a picture of {size[0]}x{size[1]} that is written as {_short(said)} in frame {rules.frame} {lies}"


def _short(box: list[float]) -> str:
    return f"({', '.join(f'{value:.2f}' for value in box)})"
