"""A text cut into clauses, and a clause into words whose places are found only where they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, KeysView
from string import ascii_lowercase, digits

from msgspec import Struct

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


class Clause(Struct, frozen=True, gc=False):
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
        if "?" not in match[0] and (parts := _parts(text[start : match.start()], names)):
            yield from parts
        start = match.end()
    if start < len(text):
        yield from _parts(text[start:], names)


def _parts(sentence: str, names: KeysView[str]) -> list[Clause]:
    whole = clause_of(sentence)
    if names.isdisjoint(whole.words):
        return []
    joining = _JOINING.intersection(whole.words)
    cuts = [match.span() for word in joining & _CUTTING for match in _CUTS[word].finditer(sentence)]
    if not joining.isdisjoint(_STARTING) and ("," in sentence or ":" in sentence or "and" in whole.words):
        cuts += [match.span() for match in _ANEW.finditer(sentence)]
    if not cuts:
        return [whole]
    found, start = [], 0
    for stop, after in [*sorted(cuts), (len(sentence), 0)]:
        plain = whole.plain[start + 1 : stop + 1]
        if not names.isdisjoint(words := plain.split()):
            found.append(Clause(sentence[start:stop], f" {plain} ", words))
        start = after
    return found
