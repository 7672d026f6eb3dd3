"""In which stretches of a clause names are denied, from where on they are supposed, and which speak of a kind."""

from __future__ import annotations

import re

from vlit_hub.curation.clauses import Clause, clause_of
from vlit_hub.curation.mentions import Mention, mentions
from vlit_hub.lexicon import Lexicon

PICTURE = r"(?:picture|image|photo|photograph|scene|frame|shot|view|snapshot)"
SEE = r"(?:see|find|spot|show|contain|include|have|feature|notice|detect|depict|make out|identify|observe|count|appear)"
_SEEN = r"seen|found|spotted|observed|noticed|identified|made out|counted|detected|glimpsed|visible|present"
_DENIED = re.compile(
    r"\b(?:no(?! (?:one|longer|doubt|matter|way|idea|other than)\b)|zero|without|neither|nor|"
    r"not (?:any|one|a single)|free of|devoid of|(?:absence|lack) of|lacks?|lacking|none of|"
    rf"(?:do|does|did|can|could|would)(?:n['’]?t| ?not) (?:\w+ )?{SEE}|cannot {SEE}|unable to {SEE}|"
    r"there (?:is|are|was|were)(?:n['’]t| not)|fails? to show)\b",
)
_DENIED_BEFORE = re.compile(
    r"\b(?:(?:is|are|was|were)(?:n['’]t| not)(?: \w+)? (?:in|present|visible|there|shown|seen|depicted|anywhere|here|"
    r"part of|found|pictured|to be)|(?:cannot|can not|can['’]t) be (?:seen|found|spotted)|"
    r"(?:is|are) (?:absent|missing|nowhere|not)\s*$|(?:is|are) (?:absent|missing|nowhere)|(?:do|does)(?:n['’]t| not) "
    r"(?:appear|exist|occur))\b"
)
_END = re.compile(r"\b(?:only|except|instead|other than|besides|apart from|just)\b")
OTHER_NOT = re.compile(r"(?:n['’]t|\bnot(?! only| just))\b")
_HEDGE = re.compile(
    r"\b(?:may|might|could|would|should|possibly|perhaps|maybe|probably|likely|appears?|seems?|seemingly|if|"
    r"like|such as|resembl\w+|imagine|for example|unlike|rather than|used (?:to|for)|designed|intended|suggest\w*|"
    r"impl(?:y|ies)|typical\w*|usually|often|whether|looking for|wants?|reminiscent|shaped|known as|similar|"
    r"mimic\w*|imitat\w*|than|ready for|waiting for|advert\w*|painting of|picture of|drawing of|logo|says?|"
    rf"labell?ed|titled|named|called|written|can(?! (?:\w+ )?(?:be (?:\w+ )?(?:{_SEEN})|{SEE})\b))\b"
)
_DENYING = frozenset(
    "no not nor neither none nowhere zero without cannot free devoid absence absent lack lacks lacking unable missing "
    "fails fail t".split()
)
"""One of these words is in any clause that denies ("don't" is two)."""
_HEDGING = frozenset(
    "may might could would should possibly perhaps maybe probably likely appear appears seem seems seemingly if "
    "like such resembles resembling resembled imagine for unlike rather used designed intended suggest suggests "
    "suggesting implies imply typical typically usually often whether looking want wants reminiscent shaped known "
    "similar than ready waiting mimics mimicking mimic imitates imitating imitation advertisement advertising "
    "advertised adverts painting picture drawing logo say says labeled labelled titled named called written can".split()
)
"""With one of these begins what hedges."""
_SCOPING = _DENYING | _HEDGING | {"or", "either"}
_GROUND = re.compile(
    rf"\b(?:near|on|in(?! (?:the|this|that|your|any)(?: \w+)? {PICTURE}\b)|at|by|with|behind|beside|between|around|"
    r"under|over|above|below|inside|along|next to|within(?! (?:the|this) )|"
    r"(?!(?:includ|be|see|show|contain|appear)ing\b|(?:any|no)thing\b)[a-z]{2,}ing)\b"
)
"""Behind what is denied, here begins where, with what or doing what it is not."""
_EFFECT = re.compile(
    r"\b(?:help|protect|allow|enabl|attract|encourag|invit|promot|contribut|reduc|prevent|ensur|support|benefit|cater|"
    r"appeal|inspir|remind|motivat|educat|foster|accommodat|facilitat)(?:s|es|e|ed|ing|ting)?\b"
)
"""Behind one of these, things in the plural without article or number are any such things."""
_KIND = re.compile(
    r" (?:(?:are|have|can be|were) (?:\w+ly |also |often |very )*(?:known|used|considered|regarded|social|native|"
    r"popular|associated|creatures|animals|mammals|intelligent|important|essential|capable|prone|able|designed|intended|"
    r"meant)|do not|don't|typically|usually|often|generally|tend|need|require|prefer|rely|may|might|"
    r"can(?! (?:\w+ )?be)|are (?:usually|often|typically|generally))\b"
)
"""Behind things in the plural without article or number: what is said of all such things."""
_DETERMINING = frozenset(
    "the these those two three four five six seven eight nine ten several many some few more both his her their its "
    "all various multiple of dozen a an".split()
)
_ANYONE = frozenset("person human individual".split())
_SUPPOSING = re.compile(
    r"\b(?:might|could|would|should|may|possibl[ey]|potential\w*|infer\w*|imagine|suppose|benefits?|purposes?|"
    r"advantages?|challenges?|reasons?|why)\b"
)
"""A question with one of these asks to conclude; whom it names need not be in the picture."""


def scopes(whole: Clause) -> tuple[list[tuple[int, int]], int]:
    """(stretches in which names are denied, place behind which they say nothing)."""
    clause = whole.text
    denied: list[tuple[int, int]] = []
    hedged = len(clause)
    if not (words := _SCOPING.intersection(whole.words)):
        return denied, hedged
    if not _DENYING.isdisjoint(words):
        for match in _DENIED.finditer(clause):
            end = _END.search(clause, match.end())
            denied.append((match.start(), end.start() if end else len(clause)))
        if before := _DENIED_BEFORE.search(clause):
            denied.append((0, before.start()))
        if other := OTHER_NOT.search(clause):
            hedged = other.start()
    if "or" in words or "either" in words:
        return denied, 0
    if hedging := words & _HEDGING:
        first = min([whole.plain.find(f" {word} ") for word in hedging])
        if hedge := _HEDGE.search(clause, first, hedged):
            hedged = hedge.start()
    return denied, hedged


def ground(clause: str, stretch: tuple[int, int], mention: Mention, named: list[Mention]) -> bool:
    """Whether a name in a denial only says where, or with what, the denied is not: "no people near the stop sign"."""
    first = next(each for each in named if each.start >= stretch[0])
    start = stretch[0] if _DENIED.match(clause, stretch[0]) else first.stop
    return _GROUND.search(clause, start, mention.start) is not None


def placed(text: str, start: int) -> bool:
    """Whether a place, or what goes with it, follows at once: then not all there are is spoken of."""
    return _GROUND.match(text, start + 1) is not None


def general(clause: str, mention: Mention, implied: frozenset[str]) -> bool:
    """Whether a name speaks of its kind, not of the picture: "protects people", "a place for birds"; or of someone whom
    the question supposes."""
    if mention.phrase in _ANYONE:
        if not implied.isdisjoint(mention.name.labels):
            return True
        if mention.before in ("a", "an") and _EFFECT.search(clause, 0, mention.start):
            return True
    if not mention.several or mention.before in _DETERMINING:
        return False
    return mention.before == "for" or _EFFECT.search(clause, 0, mention.start) is not None


def of_kind(clause: str, mention: Mention) -> bool:
    """Whether a clause from here on says what all such things are like: "dogs are known to ..."."""
    if not mention.several or not _DETERMINING.isdisjoint(mention.lead):
        return False
    return _KIND.match(clause, mention.stop) is not None


def supposed(question: str, lexicon: Lexicon) -> frozenset[str]:
    """The labels that a question which asks to conclude names."""
    if not _SUPPOSING.search(question):
        return frozenset()
    return frozenset().union(*(mention.name.labels for mention in mentions(clause_of(question), lexicon)))
