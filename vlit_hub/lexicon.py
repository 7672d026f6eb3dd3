"""Which words name the labels of a source: synonyms, narrower and wider words, plurals; scenes of coloured shapes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

SAME = {
    "person": "human being|human|individual",
    "bicycle": "bike|cycle|push bike",
    "car": "automobile|motor car|auto",
    "motorcycle": "motorbike|motor bike|bike|motor cycle",
    "airplane": "aeroplane|plane|aircraft",
    "truck": "lorry",
    "traffic light": "traffic signal|stoplight|stop light|traffic lamp",
    "fire hydrant": "hydrant|fireplug|fire plug",
    "couch": "sofa|settee",
    "potted plant": "houseplant|house plant|plant in a pot|pot plant",
    "dining table": "dinner table|dining-table",
    "tv": "television|television set|tv set|tv screen|telly",
    "laptop": "laptop computer|notebook computer",
    "mouse": "computer mouse",
    "remote": "remote control|tv remote",
    "cell phone": "cellphone|mobile phone|mobile|smartphone|cellular phone|phone|telephone",
    "microwave": "microwave oven",
    "refrigerator": "fridge|icebox",
    "sink": "washbasin|basin|wash basin",
    "hair drier": "hair dryer|hairdryer|blow dryer",
    "donut": "doughnut",
    "cup": "mug",
    "backpack": "rucksack|knapsack",
    "handbag": "purse|hand bag",
    "tie": "necktie|neck tie",
    "frisbee": "flying disc|flying disk",
    "skis": "ski|pair of skis",
    "scissors": "pair of scissors|shears",
    "snowboard": "snow board",
    "surfboard": "surf board",
    "skateboard": "skate board",
    "tennis racket": "racket|racquet|tennis racquet",
    "baseball bat": "bat",
    "baseball glove": "mitt|baseball mitt",
    "sports ball": "ball",
    "toothbrush": "tooth brush",
    "teddy bear": "teddy|stuffed bear",
    "wine glass": "wineglass|goblet",
    "hot dog": "hotdog",
    "umbrella": "parasol|brolly",
    "suitcase": "travel case",
    "stop sign": "stopsign",
    "boat": "vessel",
    "cow": "cattle",
    "broccoli": "piece of broccoli",
    "clock": "timepiece",
}
"""Label -> other names of the same thing."""
NARROWER = {
    "person": "man|woman|boy|girl|child|kid|baby|lady|guy|gentleman|player|rider|surfer|skier|adult|toddler|cyclist|"
    "skateboarder|snowboarder|pedestrian|chef|batter|pitcher|umpire|catcher|biker|infant|teenager|motorcyclist",
    "car": "taxi|cab|suv|sedan|hatchback|jeep",
    "motorcycle": "scooter|moped",
    "airplane": "jet|jetliner|airliner|biplane",
    "bus": "coach|double decker",
    "truck": "pickup|pickup truck|fire truck",
    "boat": "ship|canoe|kayak|sailboat|ferry|yacht|rowboat|speedboat|sailing boat",
    "bird": "duck|goose|parrot|seagull|gull|pigeon|owl|parakeet|swan|sparrow|crow",
    "cat": "kitten|kitty|tabby",
    "dog": "puppy|hound|terrier|pup|poodle|doggy",
    "horse": "pony|foal|mare|stallion",
    "sheep": "lamb|ewe|ram",
    "cow": "bull|calf|ox|heifer",
    "bear": "cub|polar bear|grizzly",
    "chair": "armchair|stool|highchair|wheelchair",
    "couch": "loveseat",
    "bed": "bunk bed",
    "dining table": "coffee table|picnic table",
    "toilet": "urinal",
    "tv": "flat screen",
    "book": "novel|paperback",
    "cup": "teacup|coffee cup",
    "knife": "butter knife",
    "sandwich": "burger|hamburger|panini",
    "cake": "cupcake|birthday cake",
    "sports ball": "soccer ball|tennis ball|football|basketball|volleyball",
    "oven": "stove",
    "laptop": "macbook",
    "cell phone": "iphone",
}
"""Label -> words for some kinds of it: one is an instance, not each instance is one."""
WIDER = {
    "animal": "bird|cat|dog|horse|sheep|cow|elephant|bear|zebra|giraffe",
    "vehicle": "bicycle|car|motorcycle|airplane|bus|train|truck|boat",
    "bag": "backpack|handbag|suitcase",
    "luggage": "backpack|handbag|suitcase",
    "glass": "wine glass|cup",
    "seat": "chair|couch|bench|toilet",
    "table": "dining table",
    "cutlery": "fork|knife|spoon",
    "utensil": "fork|knife|spoon",
}
"""Word -> labels, any of which it may mean, as may things that have no label."""
LIVING = frozenset({"person", *WIDER["animal"].split("|")})
COCO = frozenset(
    (
        "person|bicycle|car|motorcycle|airplane|bus|train|truck|boat|traffic light|fire hydrant|stop sign|"
        "parking meter|bench|bird|cat|dog|horse|sheep|cow|elephant|bear|zebra|giraffe|backpack|umbrella|handbag|"
        "tie|suitcase|frisbee|skis|snowboard|sports ball|kite|baseball bat|baseball glove|skateboard|surfboard|"
        "tennis racket|bottle|wine glass|cup|fork|knife|spoon|bowl|banana|apple|sandwich|orange|broccoli|carrot|"
        "hot dog|pizza|donut|cake|chair|couch|potted plant|bed|dining table|toilet|tv|laptop|mouse|remote|"
        "keyboard|cell phone|microwave|oven|toaster|sink|refrigerator|book|clock|vase|scissors|teddy bear|"
        "hair drier|toothbrush"
    ).split("|")
)
"""The labels of its instances, a closed list of 80."""
COLOURS = {
    "red": "crimson|scarlet",
    "green": "emerald|lime",
    "blue": "navy|azure",
    "yellow": "golden|gold",
    "purple": "violet",
    "cyan": "turquoise|aqua|teal",
    "grey": "gray",
}
SHAPES = {
    "circle": "disc|disk|dot",
    "ring": "hoop|annulus",
    "square": "box|block",
    "triangle": "pyramid",
    "cross": "plus|plus sign",
}
THINGS = ("object", "thing", "shape", "item", "figure", "one")
IRREGULAR = {
    "people": "person", "persons": "person", "folks": "person", "men": "man", "women": "woman", "children": "child",
    "mice": "mouse", "knives": "knife", "geese": "goose", "calves": "calf", "oxen": "ox", "shelves": "shelf",
    "sheep": "sheep", "buses": "bus", "busses": "bus", "skis": "skis", "scissors": "scissors", "glasses": "glass",
    "dice": "die", "boxes": "box", "crosses": "cross", "gentlemen": "gentleman", "guys": "guy", "cattle": "cattle",
    "tvs": "tv", "suvs": "suv", "cookies": "cookie", "ties": "tie", "dominoes": "domino", "potatoes": "potato",
}  # fmt: skip


_SEVERAL: dict[str, list[str]] = {}
for _plural, _singular in IRREGULAR.items():
    _SEVERAL.setdefault(_singular, []).append(_plural)


@dataclass(frozen=True)
class Name:
    """What a phrase may mean. ``exact``: it is a name of the label, neither narrower nor wider."""

    labels: frozenset[str]
    exact: bool = True
    wider: bool = False


class Form(NamedTuple):
    """A surface form: what it may mean, its singular, words of it; whether it is a plural, and of living things."""

    name: Name
    phrase: str
    length: int
    several: bool
    living: bool


@dataclass(frozen=True, eq=False)
class Lexicon:
    """``names``: surface form, singular or plural -> what it may mean. ``firsts``: first word of a surface form -> most
    words of one that begins so. ``values``: word for a colour or shape -> the one in labels."""

    names: Mapping[str, Form]
    firsts: Mapping[str, int]
    values: Mapping[str, str]

    def find(self, words: list[str], at: int) -> Form | None:
        """The longest name that begins at this one of the lower-case words."""
        for length in range(min(self.firsts.get(words[at], 0), len(words) - at), 1, -1):
            if (found := self.names.get(" ".join(words[at : at + length]))) is not None:
                return found
        return self.names.get(words[at])


def forms(phrase: str) -> list[str]:
    """A phrase in the singular, and all that may be its plural."""
    head, _, last = phrase.rpartition(" ")
    several = [last, last + "s", last + "es", *_SEVERAL.get(last, ())]
    if last.endswith("y"):
        several.append(last[:-1] + "ies")
    return [f"{head} {word}" if head else word for word in several]


def plurals(word: str) -> tuple[str, ...]:
    """What :func:`singulars` takes for the plural of a word, at last."""
    return word + "s", *_SEVERAL.get(word, ())


@lru_cache(1 << 16)
def singulars(word: str) -> tuple[str, ...]:
    """The word, and what it may be the plural of."""
    if word in IRREGULAR:
        return word, IRREGULAR[word]
    found = [word]
    if word.endswith("ies"):
        found.append(word[:-3] + "y")
    if re.search(r"(?:s|x|z|ch|sh|o)es$", word):
        found.append(word[:-2])
    if word.endswith("s") and not word.endswith("ss"):
        found.append(word[:-1])
    return tuple(found)


@lru_cache(64)
def lexicon(labels: frozenset[str]) -> Lexicon:
    """The names of these labels, and of colours, shapes and things where the labels are all pairs of them."""
    names: dict[str, Name] = {}
    _add(names, SAME, labels, True)
    _add(names, NARROWER, labels, False)
    for word, members in WIDER.items():
        if meant := labels & frozenset(members.split("|")):
            names.setdefault(word, Name(meant, exact=False, wider=True))
    names |= {label: Name(frozenset([label])) for label in labels}
    values: dict[str, str] = {}
    if pairs := _product(labels):
        colours, shapes = ({pair[i] for pair in pairs} for i in (0, 1))
        values = _words(colours, COLOURS) | _words(shapes, SHAPES)
        for said, colour in _words(colours, COLOURS).items():
            of = frozenset(label for label in labels if label.startswith(f"{colour} "))
            names |= {f"{said} {thing}": Name(of) for thing in THINGS}
            for word, shape in _words(shapes, SHAPES).items():
                names[f"{said} {word}"] = Name(frozenset([f"{colour} {shape}"]))
        for word, shape in _words(shapes, SHAPES).items():
            names[word] = Name(frozenset(label for label in labels if label.endswith(f" {shape}")))
        names |= {thing: Name(labels) for thing in THINGS[:-1]}
    return _lexicon(names, values)


def _lexicon(names: Mapping[str, Name], values: Mapping[str, str]) -> Lexicon:
    surface = {phrase: phrase for phrase in names}
    for phrase in names:
        for form in forms(phrase):
            surface.setdefault(form, phrase)
    return of_forms({form: form_of(form, names[phrase], phrase) for form, phrase in surface.items()}, values)


def form_of(form: str, name: Name, phrase: str) -> Form:
    """What is known of a surface form of ``phrase``."""
    words = form.split()
    return Form(name, phrase, len(words), words[-1] != phrase.rpartition(" ")[2], name.labels <= LIVING)


def of_forms(made: Mapping[str, Form], values: Mapping[str, str]) -> Lexicon:
    """The lexicon of these surface forms."""
    firsts: dict[str, int] = {}
    for form, known in made.items():
        first = form.split()[0]
        firsts[first] = max(firsts.get(first, 0), known.length)
    return Lexicon(made, firsts, values)


def _add(names: dict[str, Name], table: Mapping[str, str], labels: Iterable[str], exact: bool) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for label in labels:
        for word in filter(None, table.get(label, "").split("|")):
            found[word].add(label)
    for word, meant in found.items():
        names.setdefault(word, Name(frozenset(meant), exact))


def _words(values: Iterable[str], table: Mapping[str, str]) -> dict[str, str]:
    return {word: value for value in values for word in (value, *filter(None, table.get(value, "").split("|")))}


def _product(labels: frozenset[str]) -> list[list[str]]:
    """The labels as pairs, where they are all pairs of two sets of at least two words."""
    pairs = [label.split() for label in labels]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        return []
    sizes = [len({pair[i] for pair in pairs}) for i in (0, 1)]
    return pairs if min(sizes) > 1 and sizes[0] * sizes[1] == len(pairs) else []
