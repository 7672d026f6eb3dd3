"""A text cut into clauses, and a clause into words whose places are found only where they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, KeysView
from string import ascii_lowercase, digits
from typing import NamedTuple

_SENTENCE = re.compile(r"[.;!?\n](?:[.;!?\n]+(?=\s|$)|(?=\s|$))")
_CUTS = {
    word.split()[0]: re.compile(rf"{word}(?<=\b{word})\b")
    for word in "but|however|although|though|whereas|while|because|since|so that|yet".split("|")
}
"""A clause ends before each. The pattern begins with its letters: `re` then looks at these alone."""
_STATING = r"(?=(?:there (?:is|are|was|were)|there's|it (?:is|shows)|i (?:see|count|can|do)|what it does)\b)"
_ANEW = re.compile(rf",\s*{_STATING}|a(?<=\ba)nd\s+{_STATING}|[,:](?=\s*(?:only|just|not|no|instead|rather)\b)")
_STARTING = frozenset("there it i what only just not no instead rather".split())
"""One of these follows where a clause begins anew."""
_CUTTING = frozenset(_CUTS)
_JOINING = _STARTING | _CUTTING
_KEPT = f"{ascii_lowercase}{digits}-".encode()
_WORDS = bytes(code if code in _KEPT else 32 for code in range(256))
_LOOSE = re.compile(rb"-(?:(?![a-z])|(?<![a-z0-9].))")
"""A hyphen that joins nothing."""


class Clause(NamedTuple):
    """A lower-case clause. ``words``: letters and digits, joined by hyphens; ``plain``: the text with all but its words
    blanked, between two spaces, so that the word behind the space ``plain[i]`` begins at ``text[i]``."""

    text: str
    plain: str
    words: list[str]


def clause_of(text: str) -> Clause:
    """A lower-case text, cut into words."""
    plain = text.encode("ascii", "replace").translate(_WORDS)
    if b"-" in plain:
        plain = _LOOSE.sub(b" ", plain)
    spaced = f" {plain.decode()} "
    return Clause(text, spaced, spaced.split())


def clauses(text: str, names: KeysView[str]) -> Iterator[Clause]:
    """Stretches of a lower-case text that affirm or deny on their own and hold a word of ``names``; questions are left
    out."""
    start = 0
    for match in _SENTENCE.finditer(text):
        if match.start() > start and "?" not in match[0]:
            yield from _parts(text[start : match.start()], names)
        start = match.end()
    if start < len(text):
        yield from _parts(text[start:], names)


def _parts(sentence: str, names: KeysView[str]) -> Iterator[Clause]:
    whole = clause_of(sentence)
    if names.isdisjoint(whole.words):
        return
    parts, joining = [sentence], _JOINING.intersection(whole.words)
    for word in joining & _CUTTING:
        parts = [part for each in parts for part in _CUTS[word].split(each)]
    if not joining.isdisjoint(_STARTING) and ("," in sentence or ":" in sentence or "and" in whole.words):
        parts = [part for each in parts for part in _ANEW.split(each)]
    if len(parts) == 1:
        yield whole
        return
    for part in map(clause_of, parts):
        if not names.isdisjoint(part.words):
            yield part
