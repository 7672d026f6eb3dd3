"""What an answer may claim of the picture, and the claim of one name in a clause."""

from __future__ import annotations

import re

from msgspec import Struct

from vlit_hub.curation.mentions import Mention
from vlit_hub.curation.relations import RELATIONS, Relation
from vlit_hub.curation.scopes import PICTURE, placed
from vlit_hub.curation.words import NUMBERS
from vlit_hub.lexicon import Name

KINDS = {
    "exists": "a thing is there, or not",
    "count": "there are so many of it, or not",
    "place": "it is in that ninth of the picture",
    "relation": "it is left of, right of, above, below or inside another thing, or not",
    "state": "it has that attribute, or does that (construction/states.py)",
    "value": "what is in that ninth of the picture has this colour or shape",
}
PLACES = {
    (x, y): f"{row} {column}" if (row, column) != ("middle", "middle") else "centre"
    for y, row in enumerate(("top", "middle", "bottom"))
    for x, column in enumerate(("left", "middle", "right"))
}
"""(column, row) of a ninth of the picture -> its name."""


class Claim(Struct, frozen=True, gc=False):
    """One statement. ``asked``: the answer only says yes, no or how many to what the question names."""

    kind: str
    phrase: str
    """As in the lexicon; of a value the value, of a state "dog is brown"."""
    name: Name
    holds: bool = True
    """False: it is denied."""
    number: int = -1
    whole: bool = True
    """Whether it speaks of all there are; not of "red dogs" or "dogs on the left"."""
    place: tuple[int, int] | None = None
    asked: bool = False
    how: str = ""
    """Of RELATIONS."""
    other: tuple[str, Name] | None = None
    """Phrase and name of the other thing of a relation."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind: {self.kind!r} is not one of: {', '.join(KINDS)}")

    def __str__(self) -> str:
        what = f"{self.number} x {self.phrase}" if self.kind == "count" else self.phrase
        where = f" at {PLACES[self.place]}" if self.place else ""
        if self.other:
            where = f" {RELATIONS[self.how]} {self.other[0]}"
        return f"{'' if self.holds else 'no '}{what}{where}"


_FIGURES = {word: number for number, word in enumerate(NUMBERS) if number} | {"zero": 0, "dozen": 12, "single": 1}
NUMERAL = rf"(?:{'|'.join(sorted(_FIGURES, key=len, reverse=True))}|\d{{1,3}})"
NUMERALS = _FIGURES.keys() | {f"{number:0{width}}" for number in range(1000) for width in (1, 2, 3)}
_NUMBER_OF = re.compile(r"\b(?:number|count|tally|total) of (?:the |all )?$")
_FIGURE = re.compile(rf"\b({NUMERAL})\b")
_COLON = re.compile(rf"\s*:\s*({NUMERAL})\b")
PLAIN = frozenset("a an the his her its their this that my our your".split())
_ALONE = frozenset("a an any no the of see single neither nor and or without".split())
APPROXIMATE = re.compile(
    r"\b(?:at least|at most|about|around|over|more than|fewer than|less than|nearly|almost|up to|approximately|roughly|"
    r"another|other|some of|most of|several|few|many|various|multiple)\s*$"
)
_ONE = re.compile(
    r"(?:\b(?:only|exactly|just|precisely|a|there is|there's|count|total of|shows|has|contains|see)\s+|^\W*)$"
)
NEUTRAL = frozenset("visible distinct different separate individual whole total".split())
_MEASURES = frozenset(
    "year years month months week weeks inch inches foot feet story storey way star seat hour".split()
)
"""Of these there are so many, not of the thing behind: "five year old children"."""
FUNCTION = frozenset(
    "the a an of in on at by for with from to and or is are was were be been has have had that which who this these "
    "those it its there i you we they he she as into near next behind under over beside between each every some any "
    "see show shows sits sit stands stand sitting standing holding wearing riding walking eating playing".split()
)
_BEFORE = re.compile(
    rf"(?:^|(?<![\w-]))({NUMERAL})\s+(?:pairs? of\s+)?((?:of (?:the|these|those)\s+)?)((?:[a-z][a-z-]*\s+){{0,3}})$"
)
REST = re.compile(
    rf"\s*(?:$|[,:)]|and\b|or\b|(?:that |which )?(?:is|are|can be|to be)?(?:n't| not)?\s*(?:all )?(?:clearly )?"
    rf"(?:visible|present|shown|here|in total|total|altogether|overall|in all|seen|there|depicted|pictured|"
    r"in sight|in it|in view)\b|"
    rf"(?:are |is |isn't |aren't )?(?:not )?(?:appear\w* )?(?:in|within|on|inside) (?:the|this) (?:\w+ )?{PICTURE}\b)"
)
PLACE = re.compile(
    r"\b(?:(top|upper|middle|centre|center|bottom|lower)[ -](left|middle|centre|center|right)|(centre|center))\b"
)


def counted(clause: str, mention: Mention, holds: bool = True, asked: bool = False) -> Claim:
    """The claim of one mention: a number where one stands before it, else that it is there."""
    kind, number, whole = _kind(clause, mention)
    return Claim(kind, mention.phrase, mention.name, holds, number, whole, None, asked)


def related(told: Relation, holds: bool, asked: bool = False) -> Claim:
    """The claim that two things stand so to each other, or not."""
    first, second = told.first, told.second
    other = (second.phrase, second.name)
    return Claim("relation", first.phrase, first.name, holds, asked=asked, how=told.how, other=other)


def _kind(clause: str, mention: Mention) -> tuple[str, int, bool]:
    """(kind, number, whole) of the claim of a mention."""
    lead = mention.lead
    if "of" in lead[-2:] and _NUMBER_OF.search(clause[: mention.start]):
        if after := _FIGURE.search(clause[mention.stop :]):
            return "count", figure(after[1]), True
    elif ":" in clause and (after := _COLON.match(clause, mention.stop)):
        return "count", figure(after[1]), True
    if not NUMERALS.isdisjoint(lead) and (match := _BEFORE.search(before := clause[: mention.start])):
        return _number(match, before[: match.start(1)], _whole(clause[mention.stop :]))
    alone = mention.before in _ALONE or not (lead or clause[: mention.start].strip())
    return "exists", -1, alone and _whole(clause[mention.stop :])


def _whole(rest: str) -> bool:
    """Whether what follows a name narrows it down to none of several."""
    end = REST.match(rest)
    return end is not None and not (rest[: end.end()][-1:].isalpha() and placed(rest, end.end()))


def _number(match: re.Match[str], lead: str, whole: bool) -> tuple[str, int, bool]:
    """(kind, number, whole) of a name with a number before it."""
    adjectives = match[3].split()
    single = match[1] in ("one", "1", "single") and (not _ONE.search(lead) or not (whole or lead.strip()))
    vague = APPROXIMATE.search(lead) or single or not _MEASURES.isdisjoint(adjectives)
    if vague or not FUNCTION.isdisjoint(adjectives) or re.search(r"[-–]\s*$", lead):
        return "exists", -1, False
    plain = NEUTRAL.issuperset(adjectives) and not match[2]
    return "count", figure(match[1]) * (2 if lead.endswith("two ") else 1), whole and plain


def figure(text: str) -> int:
    """The number that a word or up to three digits say."""
    return int(text) if text.isdigit() else _FIGURES[text]


def ninth(match: re.Match[str]) -> tuple[int, int]:
    """(column, row) that a match of PLACE names."""
    if match[3]:
        return 1, 1
    rows = {"top": 0, "upper": 0, "bottom": 2, "lower": 2}
    return {"left": 0, "right": 2}.get(match[2], 1), rows.get(match[1], 1)
