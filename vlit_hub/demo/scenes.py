"""Deterministic scenes of coloured shapes: the demo's pictures, captions, questions and right answers.

A scene is a 3x3 grid of cells of CELL x CELL pixels with 1 to 6 coloured objects, at most one a cell, each jittered in
size and place; some scenes also carry a short drawn word in a free cell. Everything follows from an integer seed.
Training and test never share a scene: `split_of` assigns a scene's contents (not its seed) to one side, and `scenes`
draws from that side only.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

GRID = 3
CELL = 24
SIZE = GRID * CELL
BACKGROUND = (245, 245, 245)
INK = (0, 0, 0)
# No colour equals the painted red (255, 0, 0) of region pictures.
COLOURS = {
    "red": (200, 40, 50),
    "green": (40, 160, 60),
    "blue": (40, 70, 210),
    "yellow": (240, 205, 30),
    "purple": (150, 50, 180),
    "cyan": (40, 190, 215),
}
SHAPES = ("square", "circle", "triangle", "cross", "ring")
CELLS = (
    "top left", "top middle", "top right",
    "middle left", "centre", "middle right",
    "bottom left", "bottom middle", "bottom right",
)  # fmt: skip
NUMBERS = ("one", "two", "three", "four", "five", "six")
WORDS = ("cat", "dog", "sun", "box", "key", "map", "pen", "hat")
SIDES = range(14, 21)  # pixels
SCORED = ("colour", "counting", "existence", "location", "shape")
ABILITIES = (*SCORED, "text")
NAME_FIRST = 0.4  # captions that say "red circle top left", not "top left red circle"
TEST_SHARE = 5  # one scene content in five is a test scene

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Object:
    """One drawn shape. `box` is x1, y1, x2, y2 in pixels, the far sides exclusive, tight around the coloured pixels."""

    colour: str
    shape: str
    cell: int
    side: int
    box: Box

    @property
    def name(self) -> str:
        return f"{self.colour} {self.shape}"


@dataclass(frozen=True)
class Scene:
    """Objects in cell order; `word` is "" (then `word_cell` is -1) or a word drawn in the free cell `word_cell`."""

    seed: int
    objects: tuple[Object, ...]
    word: str = ""
    word_cell: int = -1

    @property
    def contents(self) -> str:
        """What the scene shows, without jitter: equal for two pictures that a caption cannot tell apart."""
        return ";".join(f"{o.cell} {o.name}" for o in self.objects) + f";{self.word_cell} {self.word}"


@dataclass(frozen=True)
class QA:
    """A question with its one right short answer. `objects`: positions in Scene.objects that the question is about."""

    ability: str
    question: str
    answer: str
    objects: tuple[int, ...] = ()


@cache
def _mask(shape: str, side: int) -> Image.Image:
    """The filled shape as a 1-bit picture of side x side pixels, cropped to its ink."""
    mask = Image.new("1", (side, side))
    draw = ImageDraw.Draw(mask)
    last, third = side - 1, side // 3
    if shape == "square":
        draw.rectangle((1, 1, last - 1, last - 1), fill=1)
    elif shape == "circle":
        draw.ellipse((0, 0, last, last), fill=1)
    elif shape == "triangle":
        draw.polygon([(last // 2, 0), (0, last), (last, last)], fill=1)
    elif shape == "cross":
        draw.rectangle((third, 0, last - third, last), fill=1)
        draw.rectangle((0, third, last, last - third), fill=1)
    else:
        draw.ellipse((0, 0, last, last), fill=1)
        hole = side // 4
        draw.ellipse((hole, hole, last - hole, last - hole), fill=0)
    return mask.crop(mask.getbbox())


@cache
def _word_mask(word: str) -> Image.Image:
    """The word in Pillow's own font as a 1-bit picture, cropped to its ink."""
    mask = Image.new("1", (SIZE, SIZE))
    ImageDraw.Draw(mask).text((CELL, CELL), word, fill=1, font=ImageFont.load_default())
    return mask.crop(mask.getbbox())


def _place(rng: random.Random, cell: int, width: int, height: int) -> tuple[int, int]:
    """The top left pixel of something width x height inside `cell`, one pixel or more from the cell's border."""
    row, column = divmod(cell, GRID)
    x = column * CELL + rng.randint(1, CELL - 1 - width)
    y = row * CELL + rng.randint(1, CELL - 1 - height)
    return x, y


def scene(seed: int) -> Scene:
    """The scene of this seed: 1 to 6 objects, every number equally likely; one in five with a word."""
    rng = random.Random(f"scene-{seed}")
    number = rng.randint(1, len(NUMBERS))
    cells = rng.sample(range(GRID * GRID), number + 1)
    objects = []
    for cell in sorted(cells[:number]):
        colour, shape, side = rng.choice(list(COLOURS)), rng.choice(SHAPES), rng.choice(SIDES)
        width, height = _mask(shape, side).size
        x, y = _place(rng, cell, width, height)
        objects.append(Object(colour, shape, cell, side, (x, y, x + width, y + height)))
    if rng.random() < 0.2:
        return Scene(seed, tuple(objects), rng.choice(WORDS), cells[number])
    return Scene(seed, tuple(objects))


def split_of(item: Scene) -> str:
    """`test` or `train`, from a hash of the contents: one and the same content never lands on both sides."""
    digest = hashlib.sha256(item.contents.encode()).digest()
    return "test" if int.from_bytes(digest[:4], "big") % TEST_SHARE == 0 else "train"


def scenes(split: str, count: int, seed: int = 0) -> Iterator[Scene]:
    """The first `count` scenes of `split`, in the order of their seeds, from a block of a million seeds per `seed`."""
    found, number = 0, seed * 1_000_000
    while found < count:
        item = scene(number)
        number += 1
        if split_of(item) == split:
            found += 1
            yield item


def render(item: Scene) -> Image.Image:
    """The scene as an RGB picture of SIZE x SIZE pixels; every object one flat colour, no smoothing."""
    picture = Image.new("RGB", (SIZE, SIZE), BACKGROUND)
    for o in item.objects:
        picture.paste(COLOURS[o.colour], o.box[:2], _mask(o.shape, o.side))
    if item.word:
        mask = _word_mask(item.word)
        picture.paste(INK, _place(random.Random(f"word-{item.seed}"), item.word_cell, *mask.size), mask)
    return picture


def caption(item: Scene) -> str:
    """Every object with its place, in an order and one of two wordings that follow from the seed.

    No word stands between a place and what it holds. With "at top left a red circle" a model of this size learned which
    objects there are but not which is where (400 steps); without filler it learns that too.
    """
    rng = random.Random(f"caption-{item.seed}")
    parts = [(o.name, CELLS[o.cell]) for o in item.objects]
    if item.word:
        parts.append((f"word {item.word}", CELLS[item.word_cell]))
    rng.shuffle(parts)
    number = len(item.objects)
    head = f"{NUMBERS[number - 1]} object{'s' if number > 1 else ''}: "
    if rng.random() < NAME_FIRST:
        return head + ", ".join(f"{thing} {place}" for thing, place in parts) + "."
    return head + ", ".join(f"{place} {thing}" for thing, place in parts) + "."


def _kinds(colour: str, shape: str) -> tuple[str, str, str]:
    """What an object can be called: by its colour, by its shape, by both."""
    return f"{colour} object", shape, f"{colour} {shape}"


def _exists(item: Scene, rng: random.Random) -> QA:
    """Yes or no with equal chance, about a colour, a shape, or both together (often there, but apart)."""
    is_there, kind = rng.random() < 0.5, rng.randrange(3)
    present = {name for o in item.objects for name in _kinds(o.colour, o.shape)}
    if is_there:
        index = rng.randrange(len(item.objects))
        o = item.objects[index]
        return QA("existence", f"Is there a {_kinds(o.colour, o.shape)[kind]}?", "yes", (index,))
    every = [_kinds(colour, shape) for colour in COLOURS for shape in SHAPES]
    near = [_kinds(a.colour, b.shape)[2] for a in item.objects for b in item.objects]
    tries = [near] if kind == 2 and rng.random() < 0.5 else []
    # Where every shape or colour is there, some pair of them is not.
    tries += [[names[kind] for names in every], [names[2] for names in every]]
    free = next(sorted(set(names) - present) for names in tries if set(names) - present)
    return QA("existence", f"Is there a {rng.choice(free)}?", "no")


def ask(item: Scene, ability: str, rng: random.Random, among: list[int] | None = None) -> QA | None:
    """One question of this ability, None where the scene allows none. `among`: the objects to choose from (all)."""
    among = list(range(len(item.objects))) if among is None else among
    if ability == "counting":
        return QA(ability, "How many objects are there?", NUMBERS[len(item.objects) - 1])
    if ability == "text":
        return QA(ability, "What word is written?", item.word) if item.word else None
    if ability == "existence":
        return _exists(item, rng)
    names = [o.name for o in item.objects]
    if ability == "location":
        among = [i for i in among if names.count(names[i]) == 1]
    if not among:
        return None
    index = rng.choice(among)
    o = item.objects[index]
    if ability == "location":
        return QA(ability, f"Where is the {o.name}?", CELLS[o.cell], (index,))
    value = o.colour if ability == "colour" else o.shape
    return QA(ability, f"What {ability} is the object at {CELLS[o.cell]}?", value, (index,))


def questions(item: Scene, rng: random.Random) -> list[QA]:
    """One dialogue over the scene, shuffled: colours and shapes of up to three objects, places of others, and so on."""
    order = rng.sample(range(len(item.objects)), len(item.objects))
    # The place of an object names its colour and shape, so those asked for by place are others where there are any.
    by_cell = order[: max(1, (len(order) + 1) // 2)][:3]
    by_name = order[len(by_cell) :][:3] or order
    asked = [ask(item, ability, rng, [i]) for i in by_cell for ability in ("colour", "shape")]
    asked += [ask(item, "location", rng, [i]) for i in by_name]
    asked += [ask(item, "existence", rng) for _ in range(2)]
    asked += [ask(item, "counting", rng), ask(item, "text", rng)]
    found = list(dict.fromkeys(qa for qa in asked if qa))
    rng.shuffle(found)
    return found
