"""What an answer says only together with its question: yes, no, how many, where, of what colour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from msgspec import structs

from vlit_hub.curation.claim import (
    APPROXIMATE,
    FUNCTION,
    NEUTRAL,
    NUMERAL,
    NUMERALS,
    PLACE,
    REST,
    Claim,
    counted,
    figure,
    ninth,
    related,
)
from vlit_hub.curation.clauses import clause_of
from vlit_hub.curation.mentions import Mention, mentions
from vlit_hub.curation.relations import Relation, relations
from vlit_hub.curation.scopes import OTHER_NOT, PICTURE, SEE, supposed
from vlit_hub.lexicon import Lexicon, Name

FORMS = {
    "how many": "for the number of one thing",
    "is there": "for yes or no to things",
    "where": "for the place of one thing",
    "value": "for the colour or shape at a place",
    "other": "for nothing that an answer could say in a word",
}
_HOW_MANY = re.compile(r"\bhow many\b|\bnumber of\b|\bcount (?:of )?(?:the |all )?|\bwhat is the (?:count|total)\b")
_ASKED = re.compile(
    rf"^\W*(?:(?:is|are|was|were) there\b|(?:do|can|could) you {SEE}\b|(?:does|do) (?:the|this) {PICTURE} {SEE}\b|"
    rf"would you say (?:that )?there (?:is|are)\b|"
    rf"any\b|(?:is|are) (?=.*(?:visible|present|shown|to be seen|(?:in|within|on) (?:the|this) {PICTURE})\W*$))(.*)",
    re.DOTALL,
)
_YES = re.compile(r"\W*(?:yes|yeah|yep|yup|correct|indeed|true|right|certainly|absolutely|sure|of course|definitely)\b")
_NO = re.compile(r"\W*(?:no|nope|none|false|negative|never|not|wrong|incorrect|nothing)\b")
_WHERE = re.compile(r"\bwhere(?: is| are|'s)\b")
_VALUE = re.compile(r"\bwhat (?:colou?r|shape|kind of shape)\b|\bwhich (?:colou?r|shape)\b")
_LAST = re.compile(r"[^.?!\n]+[.?!]*")
_FIGURES = re.compile(rf"(?<![\w-]){NUMERAL}(?![\w-])")
_NONE = re.compile(r"\W*(?:none|no\b|zero|there (?:is|are) no)")


@dataclass(frozen=True)
class Asked:
    """What a question asks for. ``implied``: labels that it supposes; ``yes``, ``no``: what is claimed by these words;
    ``thing``, ``whole``: what is counted or looked for, and whether all there are of it; ``place``: of a value;
    ``related``: relations that yes affirms."""

    form: str = "other"
    implied: frozenset[str] = frozenset()
    yes: tuple[Claim, ...] = ()
    no: tuple[Claim, ...] = ()
    thing: Mention | None = None
    whole: bool = True
    place: tuple[int, int] | None = None
    related: tuple[Relation, ...] = ()

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form: {self.form!r} is not one of: {', '.join(FORMS)}")


@lru_cache(4096)
def read(question: str, lexicon: Lexicon) -> Asked:
    """What a question asks for."""
    question = question.lower().replace("’", "'")
    implied = supposed(question, lexicon)
    sentences = [part for part in _LAST.findall(question) if part.strip()]
    last = sentences[-1].strip() if sentences else ""
    asked = replace(_read(last, lexicon), implied=implied)
    if OTHER_NOT.search(last):
        return asked
    whole = clause_of(last)
    return replace(asked, related=tuple(relations(whole, mentions(whole, lexicon))))


def _read(last: str, lexicon: Lexicon) -> Asked:
    if _HOW_MANY.search(last):
        named = mentions(clause_of(last), lexicon)
        thing = named[0] if len(named) == 1 else None
        return Asked("how many", thing=thing, whole=thing is not None and _all_of(last, thing))
    if match := _ASKED.match(last):
        return _yes_no(match[1].rstrip("?. "), lexicon)
    if _WHERE.search(last):
        named = mentions(clause_of(last), lexicon)
        return Asked("where", thing=named[0] if len(named) == 1 else None)
    if lexicon.values and _VALUE.search(last) and (place := PLACE.search(last)):
        return Asked("value", place=ninth(place))
    return Asked()


def _all_of(question: str, thing: Mention) -> bool:
    rest = re.sub(r"^\s*(?:(?:are|is|do|can|could) (?:there|you \w+)|appear)?", "", question[thing.stop :])
    before = _HOW_MANY.split(question[: thing.start])[-1].split()
    return REST.match(rest.rstrip("?. ")) is not None and all(word in FUNCTION | NEUTRAL for word in before)


def _yes_no(text: str, lexicon: Lexicon) -> Asked:
    named = mentions(clause_of(text), lexicon)
    if not named or OTHER_NOT.search(text):
        return Asked("is there")
    either = re.search(r"\bor\b", text) is not None
    yes = tuple(counted(text, mention, True, True) for mention in named)
    no = tuple(structs.replace(claim, holds=False) for claim in yes)
    alone = len(named) == 1
    return Asked("is there", yes=yes if alone or not either else (), no=no if alone or either else ())


def answered(asked: Asked, answer: str, lexicon: Lexicon) -> Iterator[Claim]:
    """What the lower-case answer says only together with what was asked."""
    thing = asked.thing
    if asked.form == "is there":
        yield from asked.yes if _YES.match(answer) else asked.no if _NO.match(answer) else ()
    elif asked.form == "how many" and thing:
        figures = [] if NUMERALS.isdisjoint(clause_of(answer).words) else _FIGURES.findall(answer)
        if _NONE.match(answer):
            yield Claim("exists", thing.phrase, thing.name, holds=False, whole=asked.whole, asked=True)
        elif len(figures) == 1 and not APPROXIMATE.search(answer[: answer.index(figures[0])]):
            number = figure(figures[0])
            yield Claim("count", thing.phrase, thing.name, number=number, whole=asked.whole, asked=True)
    elif asked.form == "where" and thing and len(answer.split()) <= 6:
        places = list(PLACE.finditer(answer))
        if len(places) == 1:
            yield Claim("place", thing.phrase, thing.name, place=ninth(places[0]), asked=True)
    elif asked.form == "value":
        values = {lexicon.values[word] for word in re.findall("[a-z]+", answer) if word in lexicon.values}
        if len(values) == 1:
            yield Claim("value", values.pop(), Name(frozenset()), place=asked.place, asked=True)
    if asked.related and ((yes := _YES.match(answer)) or _NO.match(answer)):
        for told in asked.related:
            yield related(told, yes is not None, asked=True)
