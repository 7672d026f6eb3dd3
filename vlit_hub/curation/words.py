"""English for annotations: numbers, articles, plurals, lists, and which words of a caption speak of a class."""

from __future__ import annotations

import re
from collections.abc import Iterable

NUMBERS = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip

NOUNS = {
    "person": ("person", "people"),
    "skis": ("pair of skis", "pairs of skis"),
    "scissors": ("pair of scissors", "pairs of scissors"),
    "broccoli": ("piece of broccoli", "pieces of broccoli"),
    "mouse": ("computer mouse", "computer mice"),
    "sheep": ("sheep", "sheep"),
    "knife": ("knife", "knives"),
    "wine glass": ("wine glass", "wine glasses"),
    "tv": ("TV", "TVs"),
}
"""Class -> (singular, plural) where the rule of :func:`plural` fails."""

MENTIONS = {
    "person": (
        "man", "woman", "boy", "girl", "child", "kid", "baby", "lady", "guy", "player", "rider", "surfer", "skier",
        "crowd", "family", "men", "women", "children", "adult", "worker", "student", "couple", "group", "someone",
        "people", "pedestrian", "toddler", "skateboarder", "snowboarder", "officer", "chef", "passenger", "team",
    ),
    "bicycle": ("bike", "cyclist", "biker"),
    "car": ("vehicle", "taxi", "cab", "suv", "traffic", "automobile", "sedan"),
    "motorcycle": ("motorbike", "bike", "scooter", "moped", "biker"),
    "airplane": ("plane", "jet", "aircraft", "jetliner", "airliner"),
    "bus": ("coach", "vehicle"),
    "train": ("locomotive", "tram", "subway", "engine"),
    "truck": ("vehicle", "pickup", "lorry", "van"),
    "boat": ("ship", "canoe", "kayak", "sailboat", "ferry", "yacht", "vessel"),
    "traffic light": ("signal", "stoplight", "streetlight"),
    "fire hydrant": ("hydrant",),
    "bench": ("seat",),
    "bird": ("duck", "goose", "geese", "parrot", "seagull", "gull", "pigeon", "canary", "parakeet", "owl", "chicken"),
    "cat": ("kitten", "kitty", "animal"),
    "dog": ("puppy", "puppies", "animal", "hound", "terrier"),
    "horse": ("pony", "ponies", "foal", "animal"),
    "sheep": ("lamb", "animal", "ram", "goat"),
    "cow": ("cattle", "bull", "calf", "ox", "animal"),
    "bear": ("cub", "animal"),
    "backpack": ("bag", "rucksack"),
    "umbrella": ("parasol",),
    "handbag": ("purse", "bag"),
    "tie": ("necktie", "suit"),
    "suitcase": ("luggage", "bag", "baggage"),
    "skis": ("ski",),
    "sports ball": ("soccer", "baseball", "football", "basketball"),
    "baseball glove": ("mitt",),
    "tennis racket": ("racquet",),
    "wine glass": ("goblet",),
    "cup": ("mug", "coffee", "tea", "glass", "drink"),
    "fork": ("utensil", "silverware", "cutlery"),
    "knife": ("utensil", "silverware", "cutlery", "knives"),
    "spoon": ("utensil", "silverware", "cutlery"),
    "bowl": ("dish",),
    "banana": ("fruit",),
    "apple": ("fruit",),
    "orange": ("fruit",),
    "sandwich": ("burger", "hamburger", "sub", "panini"),
    "broccoli": ("vegetable",),
    "carrot": ("vegetable",),
    "donut": ("doughnut", "pastry", "pastries"),
    "cake": ("dessert", "cupcake"),
    "chair": ("seat", "stool", "armchair", "furniture"),
    "couch": ("sofa", "loveseat", "furniture"),
    "potted plant": ("flower", "plant"),
    "dining table": ("desk", "counter", "furniture"),
    "toilet": ("urinal", "bathroom", "restroom"),
    "tv": ("television", "monitor", "screen"),
    "laptop": ("computer", "notebook"),
    "mouse": ("mice", "computer"),
    "remote": ("controller", "wii", "wiimote"),
    "keyboard": ("computer",),
    "cell phone": ("cellphone", "smartphone", "telephone", "mobile"),
    "oven": ("stove", "range"),
    "sink": ("basin", "faucet", "bathroom", "kitchen"),
    "refrigerator": ("fridge", "freezer"),
    "book": ("novel", "bookshelf", "bookcase", "magazine"),
    "vase": ("pot",),
    "teddy bear": ("stuffed", "teddy", "toy"),
    "hair drier": ("dryer", "blowdryer"),
}  # fmt: skip
"""Class -> words that may speak of it. Wide on purpose: a class that a caption may mean is never called absent."""


def singular(label: str) -> str:
    """The noun for one instance of a class."""
    return NOUNS[label][0] if label in NOUNS else label


def plural(label: str) -> str:
    """The noun for several instances of a class."""
    return NOUNS[label][1] if label in NOUNS else _plural(label)


def _plural(word: str) -> str:
    if re.search(r"(s|x|z|ch|sh)$", word):
        return word + "es"
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + "s"


def one(label: str) -> str:
    """ "a dog", "an orange"."""
    noun = singular(label)
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def number(count: int) -> str:
    """ "three"; figures above twenty."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def counted(label: str, count: int) -> str:
    """ "one dog", "three people"."""
    return f"{number(count)} {singular(label) if count == 1 else plural(label)}"


def listed(items: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *head, last = items
    return f"{', '.join(head)} and {last}" if head else last


def sentence(text: str) -> str:
    """A caption as a sentence: capital first, one full stop."""
    text = text.strip().rstrip(" .")
    return text[:1].upper() + text[1:] + "."


def mentioned(label: str, captions: Iterable[str]) -> bool:
    """Whether any caption may speak of the class: one of its own words, a word of MENTIONS, or their plurals."""
    words = {word for caption in captions for word in re.findall(r"[a-z]+", caption.lower())}
    own = [word for word in label.split() if word not in ("potted", "hot", "hair")]
    names = {*own, *MENTIONS.get(label, ()), label.replace(" ", "")}
    return bool(words & (names | {_plural(name) for name in names}))
