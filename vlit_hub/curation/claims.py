"""What an answer claims of the picture: things that are there or not, how many, where, of what colour or shape.

Rules over English; what they do not understand gives no claim. Things named behind "may", "if", "like", in a choice
with "or" or in a question are no claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from vlit_hub.curation.lexicon import COMPOUNDS, Lexicon, Name
from vlit_hub.curation.words import NUMBERS

KINDS = {
    "exists": "a thing is there, or not",
    "count": "there are so many of it, or not",
    "place": "it is in that ninth of the picture",
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
    """As in the lexicon; of a value the value."""
    name: Name
    holds: bool = True
    """False: it is denied."""
    number: int = -1
    whole: bool = True
    """Whether it speaks of all there are; not of "red dogs" or "dogs on the left"."""
    place: tuple[int, int] | None = None
    asked: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind: {self.kind!r} is not one of: {', '.join(KINDS)}")

    def __str__(self) -> str:
        what = f"{self.number} x {self.phrase}" if self.kind == "count" else self.phrase
        where = f" at {PLACES[self.place]}" if self.place else ""
        return f"{'' if self.holds else 'no '}{what}{where}"


@dataclass(frozen=True)
class Mention:
    """A name in a clause, at ``start`` .. ``stop``."""

    name: Name
    phrase: str
    start: int
    stop: int
    lead: tuple[str, ...] = ()
    """Up to LEAD words before it."""

    @property
    def before(self) -> str:
        """The word before it."""
        return self.lead[-1] if self.lead else ""


_FIGURES = {word: number for number, word in enumerate(NUMBERS) if number} | {"zero": 0, "dozen": 12, "single": 1}
_NUM = rf"(?:{'|'.join(sorted(_FIGURES, key=len, reverse=True))}|\d{{1,3}})"
_PICTURE = r"(?:picture|image|photo|photograph|scene|frame|shot|view|snapshot)"
_SENTENCE = re.compile(r"[.;!?\n]+(?=\s|$)")
_CLAUSE = re.compile(
    r"\b(?:but|however|although|though|whereas|while|because|since|so that|yet)\b|"
    r"(?:,\s*|\band\s+)(?=(?:there (?:is|are|was|were)|there's|it (?:is|shows)|i (?:see|count|can|do)|what it does)\b)|"
    r"[,:](?=\s*(?:only|just|not|no|instead|rather)\b)"
)
_SEE = (
    r"(?:see|find|spot|show|contain|include|have|feature|notice|detect|depict|make out|identify|observe|count|appear)"
)
_DENIED = re.compile(
    r"\b(?:no(?! (?:one|longer|doubt|matter|way|idea|other than)\b)|zero|without|neither|nor|"
    r"not (?:any|one|a single)|free of|devoid of|(?:absence|lack) of|lacks?|lacking|none of|"
    rf"(?:do|does|did|can|could|would)(?:n['’]?t| ?not) (?:\w+ )?{_SEE}|cannot {_SEE}|unable to {_SEE}|"
    r"there (?:is|are|was|were)(?:n['’]t| not)|fails? to show)\b",
)
_DENIED_BEFORE = re.compile(
    r"\b(?:(?:is|are|was|were)(?:n['’]t| not)(?: \w+)? (?:in|present|visible|there|shown|seen|depicted|anywhere|here|"
    r"part of|found|pictured|to be)|(?:cannot|can not|can['’]t) be (?:seen|found|spotted)|"
    r"(?:is|are) (?:absent|missing|nowhere|not)\s*$|(?:is|are) (?:absent|missing|nowhere)|(?:do|does)(?:n['’]t| not) "
    r"(?:appear|exist|occur))\b"
)
_END = re.compile(r"\b(?:only|except|instead|other than|besides|apart from|just)\b")
_OTHER_NOT = re.compile(r"(?:n['’]t|\bnot(?! only| just))\b")
_HEDGE = re.compile(
    r"\b(?:may|might|could|would|should|possibly|perhaps|maybe|probably|likely|appears?|seems?|seemingly|if|"
    r"like|such as|resembl\w+|imagine|for example|unlike|rather than|used (?:to|for)|designed|intended|suggest\w*|"
    r"impl(?:y|ies)|typical\w*|usually|often|whether|looking for|wants?|reminiscent|shaped|known as|similar|"
    r"than|ready for|waiting for|advert\w*|painting of|picture of|drawing of|logo)\b"
)
_PARTS = re.compile("[,:]")
_TOKEN = re.compile(r"[a-z0-9]+(?:-[a-z]+)*")
_NUMBER_OF = re.compile(r"\b(?:number|count|tally|total) of (?:the |all )?$")
_FIGURE = re.compile(rf"\b({_NUM})\b")
_COLON = re.compile(rf"\s*:\s*({_NUM})\b")
LEAD = 5
"""Words before a name that its number is looked for in."""
_VERB_BEFORE = ("to", "they", "we")
_DENYING = frozenset(
    "no not nor neither none nowhere zero without cannot free devoid absence absent lack lacks lacking unable missing "
    "fails fail t".split()
)
"""One of these words is in any clause that denies ("don't" is two)."""
_HEDGING = frozenset(
    "may might could would should possibly perhaps maybe probably likely appear appears seem seems seemingly if "
    "like such resembles resembling resembled imagine for unlike rather used designed intended suggest suggests "
    "suggesting implies imply typical typically usually often whether looking want wants reminiscent shaped known "
    "similar than ready waiting advertisement advertising advertised adverts painting picture drawing logo".split()
)
"""One of these is in any clause that hedges."""
_JOINING = frozenset(
    "but however although though whereas while because since so yet there it i what only just not no instead "
    "rather".split()
)
"""One of these is in any sentence of several clauses."""
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
    rf"(?:are |is |isn't |aren't )?(?:not )?(?:appear\w* )?(?:in|within|on|inside) (?:the|this) (?:\w+ )?{_PICTURE}\b)"
)
_HOW_MANY = re.compile(r"\bhow many\b|\bnumber of\b|\bcount (?:of )?(?:the |all )?|\bwhat is the (?:count|total)\b")
_ASKED = re.compile(
    rf"^\W*(?:(?:is|are|was|were) there\b|(?:do|can|could) you {_SEE}\b|(?:does|do) (?:the|this) {_PICTURE} {_SEE}\b|"
    rf"would you say (?:that )?there (?:is|are)\b|"
    rf"any\b|(?:is|are) (?=.*(?:visible|present|shown|to be seen|(?:in|within|on) (?:the|this) {_PICTURE})\W*$))(.*)",
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
    for clause in clauses(said[lead.end() :] if (lead := _LEAD.match(said)) else said):
        found += _of_clause(clause, lexicon)
    known = {claim.name.labels for claim in found if claim.kind == "count" and not claim.asked}
    kept = [claim for claim in found if not (claim.asked and claim.kind == "count" and claim.name.labels in known)]
    return list({_key(claim): claim for claim in reversed(kept)}.values())[::-1]


def _key(claim: Claim) -> tuple[object, ...]:
    return claim.kind, claim.name.labels, claim.phrase, claim.holds, claim.number, claim.whole, claim.place


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
    if _JOINING.isdisjoint(_TOKEN.findall(sentence)):
        return iter((sentence,))
    return (part for part in _CLAUSE.split(sentence) if part and not part.isspace())


def mentions(clause: str, lexicon: Lexicon) -> list[Mention]:
    """The names in a clause, longest first, none inside another."""
    words = _TOKEN.findall(clause)
    if lexicon.firsts.keys().isdisjoint(words):
        return []
    tokens = list(_TOKEN.finditer(clause))
    found, at, firsts = [], 0, lexicon.firsts
    while at < len(words):
        hit = lexicon.find(words[at : at + firsts[words[at]]]) if words[at] in firsts else None
        if hit is None:
            at += 1
            continue
        length, name, phrase = hit
        stop = tokens[at + length - 1].end()
        following = words[at + length] if at + length < len(words) else ""
        if not _says_which(clause, stop, words[at + length - 1], following, phrase):
            if not at or words[at - 1] not in _VERB_BEFORE:
                found.append(Mention(name, phrase, tokens[at].start(), stop, tuple(words[max(0, at - LEAD) : at])))
        at += length
    return found


def _says_which(clause: str, stop: int, last: str, following: str, phrase: str) -> bool:
    """Whether a name only tells one thing of another: "bus stop", "orange shirt"."""
    if following in COMPOUNDS and clause[stop : stop + 1] == " " and last in phrase:
        return True
    return phrase == "orange" and bool(following) and following not in _FUNCTION and clause[stop : stop + 1] != ","


def _of_clause(clause: str, lexicon: Lexicon) -> Iterator[Claim]:
    named = mentions(clause, lexicon)
    if not named:
        return
    denied, hedged = _scopes(clause)
    for mention in named:
        at = mention.start
        out = bool(denied) and any(start <= at < stop for start, stop in denied)
        if not out and at >= hedged:
            continue
        if not out and mention.before in _PLAIN:
            yield Claim("exists", mention.phrase, mention.name)
            continue
        claim = _counted(clause, mention)
        yield replace(claim, holds=False) if out else claim
    if "cent" in clause or "top" in clause or "bottom" in clause or "upper" in clause or "lower" in clause:
        yield from _placed(clause, bool(denied) or hedged < len(clause), lexicon)


def _placed(clause: str, unsure: bool, lexicon: Lexicon) -> Iterator[Claim]:
    places = not unsure and _PLACE.search(clause)
    for part in _PARTS.split(clause) if places else ():
        here, there = mentions(part, lexicon), list(_PLACE.finditer(part))
        if len(here) == len(there) == 1:
            yield Claim("place", here[0].phrase, here[0].name, place=_ninth(there[0]))


def _scopes(clause: str) -> tuple[list[tuple[int, int]], int]:
    """(stretches in which names are denied, place behind which they say nothing)."""
    denied: list[tuple[int, int]] = []
    hedged, words = len(clause), set(_TOKEN.findall(clause))
    if not _DENYING.isdisjoint(words):
        for match in _DENIED.finditer(clause):
            end = _END.search(clause, match.end())
            denied.append((match.start(), end.start() if end else len(clause)))
        if before := _DENIED_BEFORE.search(clause):
            denied.append((0, before.start()))
        if other := _OTHER_NOT.search(clause):
            hedged = other.start()
    if not _HEDGING.isdisjoint(words) and (hedge := _HEDGE.search(clause, 0, hedged)):
        hedged = hedge.start()
    return denied, 0 if "or" in words or "either" in words else hedged


def _counted(clause: str, mention: Mention) -> Claim:
    """The claim of one mention: a number where one stands before it, else that it is there."""
    before, rest = clause[: mention.start], clause[mention.stop :]
    whole = _REST.match(rest) is not None
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
    vague = _APPROXIMATE.search(lead) or single
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
    if not named or _OTHER_NOT.search(text) or (len(named) > 1 and (either if verdict else not either)):
        return
    for mention in named:
        claim = _counted(text, mention)
        yield replace(claim, holds=verdict, asked=True)
