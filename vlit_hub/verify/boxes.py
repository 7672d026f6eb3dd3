"""Boxes read back out of the tokens, against those of the Sample, in pixels of what the model gets."""

from __future__ import annotations

from collections.abc import Iterator

from vlit_hub.regions import box_of, dialect, parse, resolve
from vlit_hub.regions.geometry import norm_to_square
from vlit_hub.schema import Region
from vlit_hub.verify.case import Case
from vlit_hub.verify.frame import Size
from vlit_hub.verify.said import Unsaid, short

TILED = "boxes in pixels of a picture that the model gets as tiles: of which size is not known"


def boxes(case: Case) -> str | None:
    """Each group of boxes of the kept turns is read in the text, in order, within half a quantum and a pixel.

    Numbers that a turn's own words hold in the form of the dialect stand between them, and are passed over.
    """
    groups = [group for group in case.boxes if all(r.modality == "image" and r.index in case.mentions for r in group)]
    if not groups:
        return None
    if case.resized and not case.shown:
        return Unsaid(TILED)
    read = iter(_read(case))
    nearest = ""
    for number, group in enumerate(groups):
        for literal, found in read:
            if len(found) != len(group):
                continue
            off = max(_off(case, a, b) for a, b in zip(found, group, strict=True))
            if off <= 0:
                break
            nearest = nearest or f": {short(literal)} lies {off:.1f} pixels too far off"
        else:
            return f"group {number} of boxes is not in the text where the sample has it{nearest}"
        nearest = ""
    return ""


def _read(case: Case) -> Iterator[tuple[str, list[list[float]]]]:
    text = case.plain(case.decode(case.encoded.input_ids))
    for piece in parse(text, case.processor.dialect):
        if not isinstance(piece, str):
            yield piece[1][0].native, [region.box for region in piece[1]]


def _off(case: Case, said: list[float], region: Region) -> float:
    """Pixels of what the model gets by which a written box lies farther from a region's than it may; 0 or less: not."""
    size, rules = case.size(region.index), dialect(case.processor.dialect)
    shown = _view(case, region.index)
    units = {"pixel": size, "resized": shown}.get(rules.frame, (1, 1))
    own = box_of(resolve(region, size))
    if own is None:
        return float("inf")
    meant = norm_to_square(own, size) if rules.frame == "square" else own
    return max(
        abs(a / units[i % 2] - b) * shown[i % 2] - rules.quantum / 2 / units[i % 2] * shown[i % 2] - 1
        for i, (a, b) in enumerate(zip(said, meant, strict=True))
    )


def _view(case: Case, index: int) -> Size:
    """(width, height) of a picture as the model gets the whole of it."""
    return case.shown[case.mentions.index(index)] if case.shown else case.landing(index)[1].shown
