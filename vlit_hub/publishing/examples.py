"""Example pictures of a dataset, their regions drawn: a file of the repository that the card shows."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from vlit_hub.media import UnreadableMedia, open_image
from vlit_hub.publishing.facts import texts
from vlit_hub.schema import Region, Sample, text_of
from vlit_hub.shards import Store

NAME = "examples.jpg"
MOST = 4
LOOKED_AT = 500
"""Samples of a split that examples are chosen from."""
SIDE = 480
"""Pixels of the longer side of a tile at most."""
WORDS = 300
"""Characters of a message that the card shows at most."""
COLOURS = ("#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd")


@dataclass(frozen=True)
class Example:
    """One tile of the picture; its number stands in its corner."""

    id: str
    regions: int
    question: str
    answer: str


def draw_examples(store: Store, folder: Path, kept_back: Container[str]) -> list[Example]:
    """Draw up to MOST examples into ``folder/examples.jpg``: samples with regions first, of different groups.

    Of the datasets in ``kept_back`` none. Pictures that cannot be read are passed over; without any there is no file.
    """
    found: list[Example] = []
    tiles: list[Image.Image] = []
    for row in _chosen(store, kept_back):
        sample = store[row]
        picture = _drawn(sample)
        if picture is None:
            continue
        tiles.append(picture)
        said = {
            role: next((text_of(m) for m in sample.messages if m.role == role), "") for role in ("user", "assistant")
        }
        regions = sum(_on_first(region) for region in sample.regions)
        found.append(Example(sample.id, regions, _short(said["user"]), _short(said["assistant"])))
        if len(found) == MOST:
            break
    if tiles:
        _sheet(tiles).save(folder / NAME, "JPEG", quality=85)
    return found


def _sheet(tiles: Sequence[Image.Image]) -> Image.Image:
    """The tiles in two columns, numbered from 1."""
    width, height = max(tile.width for tile in tiles), max(tile.height for tile in tiles)
    columns = min(2, len(tiles))
    sheet = Image.new("RGB", (columns * width, -(-len(tiles) // columns) * height), "white")
    draw = ImageDraw.Draw(sheet)
    for number, tile in enumerate(tiles):
        corner = (number % columns * width, number // columns * height)
        sheet.paste(tile, corner)
        draw.rectangle((*corner, corner[0] + 12, corner[1] + 12), fill="white")
        draw.text((corner[0] + 3, corner[1]), str(number + 1), fill="black")
    return sheet


def _chosen(store: Store, kept_back: Container[str]) -> Iterator[int]:
    """Rows to try, those with regions first; one a group."""
    plain: list[int] = []
    grounded: list[int] = []
    for number, split in enumerate(store.index.splits):
        if split.dataset in kept_back:
            continue
        groups: set[str] = set()
        for row, sample in zip(range(LOOKED_AT), texts(store.index, number), strict=False):
            if sample.images and sample.images[0] is not None and sample.group not in groups:
                groups.add(sample.group)
                (grounded if any(map(_on_first, sample.regions)) else plain).append(store.index.starts[number] + row)
    yield from grounded
    yield from plain


def _on_first(region: Region) -> bool:
    """Whether it can be drawn on the first picture."""
    drawable = bool(region.box or region.points)
    return drawable and region.modality == "image" and region.index == 0 and region.frame in ("norm", "pixel")


def _drawn(sample: Sample) -> Image.Image | None:
    blob = sample.images[0]
    if blob is None or blob.bytes is None:
        return None
    try:
        picture = open_image(blob.bytes).convert("RGB")
    except UnreadableMedia:
        return None
    width, height = picture.size
    picture.thumbnail((SIDE, SIDE))
    draw = ImageDraw.Draw(picture)
    for number, region in enumerate(filter(_on_first, sample.regions)):
        of = (1, 1) if region.frame == "norm" else (width, height)
        scale = (picture.width / of[0], picture.height / of[1])
        _draw(draw, region, scale, COLOURS[number % len(COLOURS)])
    return picture


def _draw(draw: ImageDraw.ImageDraw, region: Region, scale: tuple[float, float], colour: str) -> None:
    x, y = scale
    if region.box:
        left, top, right, bottom = region.box
        draw.rectangle((left * x, top * y, max(left, right) * x, max(top, bottom) * y), outline=colour, width=3)
        if region.label:
            draw.text((left * x + 4, top * y + 3), region.label, fill=colour)
    for ring in region.points:
        pairs = [(ring[i] * x, ring[i + 1] * y) for i in range(0, len(ring) - 1, 2)]
        if len(pairs) > 1:
            draw.line([*pairs, pairs[0]], fill=colour, width=3)
        else:
            draw.ellipse([(pairs[0][0] - 5, pairs[0][1] - 5), (pairs[0][0] + 5, pairs[0][1] + 5)], fill=colour)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WORDS else text[:WORDS] + " ..."
