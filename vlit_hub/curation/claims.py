"""What an answer claims of the picture: things that are there or not, how many, where, how they stand to each other, of
what colour or shape.

Rules over English; what they do not understand gives no claim. Things named behind "may", "if", "like", in a choice
with "or" or in a question are no claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from vlit_hub.curation.mentions import TOKEN, Mention, mentions
from vlit_hub.curation.relations import RELATIONS, Relation, relations
from vlit_hub.curation.scopes import OTHER_NOT, PICTURE, SEE, general, ground, of_kind, placed, scopes, supposed
from vlit_hub.curation.words import NUMBERS
from vlit_hub.lexicon import Lexicon, Name

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


@dataclass(frozen=True)
class Claim:
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
    how: str = ""
    """Of RELATIONS."""
    other: tuple[str, Name] | None = None
    """Phrase and name of the other thing of a relation."""
    asked: bool = False

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
_NUM = rf"(?:{'|'.join(sorted(_FIGURES, key=len, reverse=True))}|\d{{1,3}})"
_SENTENCE = re.compile(r"[.;!?\n]+(?=\s|$)")
_CLAUSE = re.compile(
    r"\b(?:but|however|although|though|whereas|while|because|since|so that|yet)\b|"
    r"(?:,\s*|\band\s+)(?=(?:there (?:is|are|was|were)|there's|it (?:is|shows)|i (?:see|count|can|do)|what it does)\b)|"
    r"[,:](?=\s*(?:only|just|not|no|instead|rather)\b)"
)
_PARTS = re.compile("[,:]")
_NUMBER_OF = re.compile(r"\b(?:number|count|tally|total) of (?:the |all )?$")
_FIGURE = re.compile(rf"\b({_NUM})\b")
_COLON = re.compile(rf"\s*:\s*({_NUM})\b")
_JOINING = frozenset(
    "but however although though whereas while because since so yet there it i what only just not no instead "
    "rather".split()
)
"""One of these is in any sentence of several clauses."""
_QUOTED = re.compile(r"(?<=[\w,:(]\s)[\"“](?:[^\"“”\n]{1,120})[\"”]")
_PLAIN = frozenset("a an the his her its their this that my our your".split())
_ALONE = frozenset("a an any no the of see single neither nor and or without".split())
_APPROXIMATE = re.compile(
    r"\b(?:at least|at most|about|around|over|more than|fewer than|less than|nearly|almost|up to|approximately|roughly|"
    r"another|other|some of|most of|several|few|many|various|multiple)\s*$"
)
_ONE = re.compile(
    r"(?:\b(?:only|exactly|just|precisely|a|there is|there's|count|total of|shows|has|contains|see)\s+|^\W*)$"
)
_NEUTRAL = frozenset("visible distinct different separate individual whole total".split())
_MEASURES = frozenset(
    "year years month months week weeks inch inches foot feet story storey way star seat hour".split()
)
"""Of these there are so many, not of the thing behind: "five year old children"."""
_FUNCTION = frozenset(
    "the a an of in on at by for with from to and or is are was were be been has have had that which who this these "
    "those it its there i you we they he she as into near next behind under over beside between each every some any "
    "see show shows sits sit stands stand sitting standing holding wearing riding walking eating playing".split()
)
_BEFORE = re.compile(
    rf"(?:^|(?<![\w-]))({_NUM})\s+(?:pairs? of\s+)?((?:of (?:the|these|those)\s+)?)((?:[a-z-]+\s+){{0,3}})$"
)
_REST = re.compile(
    rf"\s*(?:$|[,:)]|and\b|or\b|(?:that |which )?(?:is|are|can be|to be)?(?:n't| not)?\s*(?:all )?(?:clearly )?"
    rf"(?:visible|present|shown|here|in total|total|altogether|overall|in all|seen|there|depicted|pictured|"
    r"in sight|in it|in view)\b|"
    rf"(?:are |is |isn't |aren't )?(?:not )?(?:appear\w* )?(?:in|within|on|inside) (?:the|this) (?:\w+ )?{PICTURE}\b)"
)
_HOW_MANY = re.compile(r"\bhow many\b|\bnumber of\b|\bcount (?:of )?(?:the |all )?|\bwhat is the (?:count|total)\b")
_ASKED = re.compile(
    rf"^\W*(?:(?:is|are|was|were) there\b|(?:do|can|could) you {SEE}\b|(?:does|do) (?:the|this) {PICTURE} {SEE}\b|"
    rf"would you say (?:that )?there (?:is|are)\b|"
    rf"any\b|(?:is|are) (?=.*(?:visible|present|shown|to be seen|(?:in|within|on) (?:the|this) {PICTURE})\W*$))(.*)",
    re.DOTALL,
)
_YES = re.compile(r"\W*(?:yes|yeah|yep|yup|correct|indeed|true|right|certainly|absolutely|sure|of course|definitely)\b")
_NO = re.compile(r"\W*(?:no|nope|none|false|negative|never|not|wrong|incorrect|nothing)\b")
_LEAD = re.compile(r"\W*(?:yes|no|yeah|nope|indeed|correct|false)\s*(?:[,.!;:–—-]+\s*|$)", re.IGNORECASE)
_WHERE = re.compile(r"\bwhere(?: is| are|'s)\b")
_VALUE = re.compile(r"\bwhat (?:colou?r|shape|kind of shape)\b|\bwhich (?:colou?r|shape)\b")
_PLACE = re.compile(
    r"\b(?:(top|upper|middle|centre|center|bottom|lower)[ -](left|middle|centre|center|right)|(centre|center))\b"
)


def claims(question: str, answer: str, lexicon: Lexicon) -> list[Claim]:
    """What ``answer`` claims, given to ``question``; each claim once, in order of appearance."""
    asked = question.lower().replace("’", "'")
    said = answer.lower().replace("’", "'")
    found = [*_answered(asked, said, lexicon)]
    if found and found[0].kind == "value":
        return found
    if '"' in said or "“" in said:
        said = _QUOTED.sub('""', said)
    implied = supposed(asked, lexicon)
    for clause in clauses(said[lead.end() :] if (lead := _LEAD.match(said)) else said):
        found += _of_clause(clause, lexicon, implied)
    known = {claim.name.labels for claim in found if claim.kind == "count" and not claim.asked}
    kept = [claim for claim in found if not (claim.asked and claim.kind == "count" and claim.name.labels in known)]
    return list({_key(claim): claim for claim in reversed(kept)}.values())[::-1]


def _key(claim: Claim) -> tuple[object, ...]:
    thing = claim.kind, claim.name.labels, claim.phrase, claim.holds
    return *thing, claim.number, claim.whole, claim.place, claim.how, claim.other


def clauses(text: str) -> Iterator[str]:
    """Stretches of a text that affirm or deny on their own; questions are left out."""
    start = 0
    for match in _SENTENCE.finditer(text):
        if match.start() > start and "?" not in match[0]:
            yield from _parts(text[start : match.start()])
        start = match.end()
    if start < len(text):
        yield from _parts(text[start:])


def _parts(sentence: str) -> Iterator[str]:
    if _JOINING.isdisjoint(TOKEN.findall(sentence)):
        return iter((sentence,))
    return (part for part in _CLAUSE.split(sentence) if part and not part.isspace())


def _of_clause(clause: str, lexicon: Lexicon, implied: frozenset[str] = frozenset()) -> Iterator[Claim]:
    named = mentions(clause, lexicon)
    if not named:
        return
    denied, hedged = scopes(clause)
    for mention in named:
        at = mention.start
        if stretches := [each for each in denied if each[0] <= at < each[1]]:
            if not ground(clause, max(stretches), mention, named):
                yield replace(_counted(clause, mention), holds=False)
        elif of_kind(clause, mention):
            hedged = at
        elif at >= hedged or general(clause, mention, implied):
            continue
        elif mention.before in _PLAIN:
            yield Claim("exists", mention.phrase, mention.name)
        else:
            yield _counted(clause, mention)
    for told in relations(clause, named):
        silent = min(hedged, *(start for start, _ in denied)) if denied else hedged
        if min(told.first.start, told.second.start) < silent:
            yield _related(told)
    if "cent" in clause or "top" in clause or "bottom" in clause or "upper" in clause or "lower" in clause:
        yield from _placed(clause, bool(denied) or hedged < len(clause), lexicon)


def _placed(clause: str, unsure: bool, lexicon: Lexicon) -> Iterator[Claim]:
    places = not unsure and _PLACE.search(clause)
    for part in _PARTS.split(clause) if places else ():
        here, there = mentions(part, lexicon), list(_PLACE.finditer(part))
        if len(here) == len(there) == 1:
            yield Claim("place", here[0].phrase, here[0].name, place=_ninth(there[0]))


def _related(told: Relation) -> Claim:
    first, second = told.first, told.second
    return Claim(
        "relation", first.phrase, first.name, told.holds, how=told.how, other=(second.phrase, second.name)
    )


def _counted(clause: str, mention: Mention) -> Claim:
    """The claim of one mention: a number where one stands before it, else that it is there."""
    before, rest = clause[: mention.start], clause[mention.stop :]
    end = _REST.match(rest)
    whole = end is not None and not (rest[: end.end()][-1:].isalpha() and placed(rest, end.end()))
    if mention.before in ("of", "the", "all") and _NUMBER_OF.search(before):
        if after := _FIGURE.search(rest):
            return Claim("count", mention.phrase, mention.name, number=_figure(after[1]))
    elif after := _COLON.match(rest):
        return Claim("count", mention.phrase, mention.name, number=_figure(after[1]))
    numbered = any(word in _FIGURES or word.isdigit() for word in mention.lead)
    match = _BEFORE.search(before) if numbered else None
    if match is None:
        alone = mention.before in _ALONE or not before.strip()
        return Claim("exists", mention.phrase, mention.name, whole=whole and alone)
    lead, adjectives = before[: match.start(1)], match[3].split()
    single = match[1] in ("one", "1", "single") and (not _ONE.search(lead) or not (whole or lead.strip()))
    vague = _APPROXIMATE.search(lead) or single or not _MEASURES.isdisjoint(adjectives)
    if vague or any(word in _FUNCTION for word in adjectives) or re.search(r"[-–]\s*$", lead):
        return Claim("exists", mention.phrase, mention.name, whole=False)
    number = _figure(match[1]) * (2 if lead.endswith("two ") else 1)
    plain = all(word in _NEUTRAL for word in adjectives) and not match[2]
    return Claim("count", mention.phrase, mention.name, number=number, whole=whole and plain)


def _figure(text: str) -> int:
    return int(text) if text.isdigit() else _FIGURES[text]


def _ninth(match: re.Match[str]) -> tuple[int, int]:
    if match[3]:
        return 1, 1
    rows = {"top": 0, "upper": 0, "bottom": 2, "lower": 2}
    return {"left": 0, "right": 2}.get(match[2], 1), rows.get(match[1], 1)


def _answered(question: str, answer: str, lexicon: Lexicon) -> Iterator[Claim]:
    """What the answer says only together with the question."""
    sentences = [part for part in re.findall(r"[^.?!\n]+[.?!]*", question) if part.strip()]
    last = sentences[-1].strip() if sentences else ""
    verdict = True if _YES.match(answer) else False if _NO.match(answer) else None
    if _HOW_MANY.search(last):
        yield from _how_many(last, answer, lexicon)
    elif (match := _ASKED.match(last)) and verdict is not None:
        yield from _yes_no(match[1], verdict, lexicon)
    elif _WHERE.search(last) and len(answer.split()) <= 6:
        named, places = mentions(last, lexicon), list(_PLACE.finditer(answer))
        if len(named) == len(places) == 1:
            yield Claim("place", named[0].phrase, named[0].name, place=_ninth(places[0]), asked=True)
    elif lexicon.values and _VALUE.search(last) and (place := _PLACE.search(last)):
        values = {lexicon.values[word] for word in re.findall("[a-z]+", answer) if word in lexicon.values}
        if len(values) == 1:
            yield Claim("value", values.pop(), Name(frozenset()), place=_ninth(place), asked=True)
    if verdict is not None and not OTHER_NOT.search(last):
        for told in relations(last, mentions(last, lexicon)):
            yield replace(_related(told), holds=verdict, asked=True)


def _how_many(question: str, answer: str, lexicon: Lexicon) -> Iterator[Claim]:
    named = mentions(question, lexicon)
    if len(named) != 1:
        return
    rest = re.sub(r"^\s*(?:(?:are|is|do|can|could) (?:there|you \w+)|appear)?", "", question[named[0].stop :])
    before = _HOW_MANY.split(question[: named[0].start])[-1].split()
    whole = _REST.match(rest.rstrip("?. ")) is not None and all(word in _FUNCTION | _NEUTRAL for word in before)
    figures = re.findall(rf"(?<![\w-]){_NUM}(?![\w-])", answer)
    if re.match(r"\W*(?:none|no\b|zero|there (?:is|are) no)", answer):
        yield Claim("exists", named[0].phrase, named[0].name, holds=False, whole=whole, asked=True)
    elif len(figures) == 1 and not _APPROXIMATE.search(answer[: answer.index(figures[0])]):
        number = _figure(figures[0])
        yield Claim("count", named[0].phrase, named[0].name, number=number, whole=whole, asked=True)


def _yes_no(asked: str, verdict: bool, lexicon: Lexicon) -> Iterator[Claim]:
    text = asked.rstrip("?. ")
    named = mentions(text, lexicon)
    either = re.search(r"\bor\b", text) is not None
    if not named or OTHER_NOT.search(text) or (len(named) > 1 and (either if verdict else not either)):
        return
    for mention in named:
        claim = _counted(text, mention)
        yield replace(claim, holds=verdict, asked=True)
