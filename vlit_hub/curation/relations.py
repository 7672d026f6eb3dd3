"""How one named thing stands to another in the picture: read out of a clause, and held against two boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from vlit_hub.curation.clauses import Clause
from vlit_hub.curation.facts import Box
from vlit_hub.curation.mentions import Mention
from vlit_hub.curation.scopes import PICTURE
from vlit_hub.curation.senses import FOLLOWERS

RELATIONS = {
    "left": "left of",
    "right": "right of",
    "above": "above",
    "below": "below",
    "inside": "inside",
}
MARGIN = 0.05
"""Share of the picture by which the centres differ where boxes that overlap along the axis still lie in that order."""
INSIDE, OUTSIDE = 0.9, 0.1
"""Share of a box's area from which it is inside another, and up to which it is not."""

_SIDES = r"(?:(?:to|on|at) the )?(?:immediate )?{0}(?:[- ]hand)?(?: side)? of|(?:further|farther) (?:to the )?{0} than"
_HEIGHT = rf"(?:up |down )?(?:in|within) the {PICTURE} "
_HOW = {
    "left": _SIDES.format("left"),
    "right": _SIDES.format("right"),
    "above": rf"above|on top of|higher (?:up )?(?:{_HEIGHT})?than",
    "below": rf"below|beneath|underneath|under|lower (?:down )?(?:{_HEIGHT})?than",
    "inside": r"inside(?: of)?",
}
_ANY = "|".join(f"(?P<{how}>{pattern})" for how, pattern in _HOW.items())
_IS = r"(?:is|are|sits|stands|lies|hangs|rests)(?:(?P<no>n't| not)\b)?"
_ADVERBS = r"(?:(?:just|directly|slightly|immediately|right|also|clearly|well) )*"
_SET = (
    r"(?:(?:sitting|standing|lying|hanging|resting|located|placed|positioned|situated|seated|parked|mounted|visible|"
    r"shown|seen) )?"
)
_ARTICLE = r"(?:(?:the|a|an|another|one|this|that|his|her|its|their) )(?P<more>(?:[a-z-]+ ){0,2})"
_BETWEEN = re.compile(rf" (?:(?:that |which |who )?{_IS} )?{_ADVERBS}{_SET}{_ADVERBS}(?:{_ANY}) {_ARTICLE}")
"""What stands between two names: "is to the left of the small"."""
_BEFORE = re.compile(rf"(?:^|[,:]|\band) *{_ADVERBS}(?:{_ANY}) {_ARTICLE}$")
_BEHIND = re.compile(rf",? (?:there )?{_IS} (?:a|an|one|the) (?P<more>(?:[a-z-]+ ){{0,2}})")
"""Around the first of two names, where the place comes first: "above the" sink "hangs a"."""
_NEW = re.compile(r"[,:]|\band\b")
_WORDS = frozenset(
    "left right left-hand right-hand above top higher below beneath underneath under lower inside".split()
)
"""One of these is in any clause that tells of a place."""


class Relation(Struct, frozen=True, gc=False):
    """``first`` is (or is not) left of, right of, ... ``second``; ``how``: of RELATIONS."""

    first: Mention
    how: str
    second: Mention
    holds: bool = True


def relations(whole: Clause, named: Sequence[Mention]) -> list[Relation]:
    """What a clause tells of two names in it that follow each other, of one thing each."""
    return [] if len(named) < 2 or _WORDS.isdisjoint(whole.words) else list(_told(whole.text, named))


def _told(clause: str, named: Sequence[Mention]) -> Iterator[Relation]:
    for number, (one, other) in enumerate(zip(named, named[1:], strict=False)):
        if one.several or other.several or clause.startswith("'s", other.stop):
            continue
        start = named[number - 1].stop if number else 0
        between = clause[one.stop : other.start]
        if (match := _BETWEEN.fullmatch(between)) and (not number or _NEW.search(clause, start, one.start)):
            if _plain(match["more"]):
                yield Relation(one, _how(match), other, not match["no"])
        elif (behind := _BEHIND.fullmatch(between)) and (before := _BEFORE.search(clause[: one.start], start)):
            if _plain(before["more"] + behind["more"]) and not behind["no"]:
                yield Relation(other, _how(before), one)


def stands(how: str, one: Box, other: Box) -> bool | None:
    """Whether ``one`` is so placed to ``other`` (boxes x1, y1, x2, y2 in shares of the picture); None where that is not
    clear. It is where the boxes lie apart along the axis, or one reaches farther on both ends with centres MARGIN
    apart; it is not where they lie apart the other way round."""
    if how == "inside":
        share = _overlap(one, other) / max((one[2] - one[0]) * (one[3] - one[1]), 1e-9)
        return True if share >= INSIDE else False if share <= OUTSIDE else None
    first, second = (one, other) if how in ("left", "above") else (other, one)
    axis = 0 if how in ("left", "right") else 1
    begin, end, start, stop = first[axis], first[axis + 2], second[axis], second[axis + 2]
    if end <= start:
        return True
    if stop <= begin:
        return False
    return True if begin < start and end < stop and (start + stop - begin - end) / 2 >= MARGIN else None


def _how(match: re.Match[str]) -> str:
    return next(how for how in RELATIONS if match[how])


def _plain(words: str) -> bool:
    """Whether these words before a name only say which it is."""
    return FOLLOWERS.isdisjoint(words.split())


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0.0) * max(down, 0.0)
