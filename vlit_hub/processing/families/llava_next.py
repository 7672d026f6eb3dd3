"""LLaVA-NeXT: the whole picture on one tile, then the tiles of the grid that suits it best, their borders left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch.nn.functional as F
from transformers.image_processing_utils import select_best_resolution

from vlit_hub.processing.families.base import Family, FamilyError, Picture, Pixels, Size, rows_of, stack
from vlit_hub.processing.families.llava import FAMILY as LLAVA

if TYPE_CHECKING:
    import PIL.Image


def _side(native: Any) -> int:
    images = native.image_processor
    side = images.size.shortest_edge or images.size.height
    if images.crop_size and {images.crop_size.height, images.crop_size.width} != {side}:
        raise FamilyError("LLaVA-NeXT's tiles are the whole picture too: set crop_size and size alike in the processor")
    return side


def _best(size: Size, grids: Sequence[Sequence[int]]) -> tuple[int, int]:
    """(height, width) in pixels of the grid of tiles that suits a picture; raises ValueError where it would vanish."""
    best = select_best_resolution((size[1], size[0]), list(grids))
    if best is None:
        raise ValueError(f"a picture of {size[0]}x{size[1]} is too narrow for any grid of tiles")
    return best


def _tiles(native: Any, grid: Sequence[int]) -> int:
    side = _side(native)
    return (grid[0] // side) * (grid[1] // side)


def _reduced(native: Any, size: Size, budget: int | None) -> Size:
    """The size at which a picture takes no more than ``budget`` tiles.

    The model finds the grid again from the size alone, so fewer tiles are a smaller picture and nothing else.
    """
    grids = native.image_processor.image_grid_pinpoints
    if budget is None or _tiles(native, _best(size, grids)) <= budget:
        return size
    height, width = _best(size, [grid for grid in grids if _tiles(native, grid) <= budget])
    scale = min(width / size[0], height / size[1])
    return max(int(size[0] * scale), 1), max(int(size[1] * scale), 1)


def _resize(native: Any, size: Size, budget: int | None) -> Size:
    return _side(native), _side(native)


def _write(native: Any, sizes: Sequence[Size], budget: int | None) -> list[Picture]:
    side, class_token = _side(native), native.vision_feature_select_strategy == "default"
    reduced = [_reduced(native, size, budget) for size in sizes]
    counts = [native._get_number_of_features(height, width, side, side) - class_token for width, height in reduced]
    return [Picture(native.image_token, (count,)) for count in counts]


def _lower_budgets(native: Any) -> tuple[int, ...]:
    counts = {_tiles(native, grid) for grid in native.image_processor.image_grid_pinpoints}
    return tuple(sorted(counts, reverse=True)[1:])


def _prepare(native: Any, pictures: Sequence[PIL.Image.Image], count: int, settings: dict[str, Any]) -> list[Pixels]:
    sizes = [_reduced(native, picture.size, settings.get("budget")) for picture in pictures]
    shown = [p if p.size == size else p.convert("RGB").resize(size) for p, size in zip(pictures, sizes, strict=True)]
    return rows_of(native, shown, count, {"do_pad": True})


def _gather(samples: Sequence[Sequence[Pixels]]) -> Pixels:
    """The model takes as many tiles of each picture as its size says; the rest is padding."""
    parts = [dict(part) for pictures in samples for part in pictures]
    most = max(part["pixel_values"].shape[1] for part in parts)
    for part in parts:
        missing = most - part["pixel_values"].shape[1]
        part["pixel_values"] = F.pad(part["pixel_values"], (0, 0, 0, 0, 0, 0, 0, missing))
    return stack([parts])


FAMILY = Family(
    name="llava_next",
    model_types=("llava_next",),
    processors=("LlavaNextProcessor",),
    dialect="float",
    resize=_resize,
    write=_write,
    lower_budgets=_lower_budgets,
    pixel_settings=lambda native, budget: {"budget": budget},
    prepare=_prepare,
    gather=_gather,
    packs=True,
    shares_pictures=True,
    logits_to_keep=True,
    template=LLAVA.template,
)
