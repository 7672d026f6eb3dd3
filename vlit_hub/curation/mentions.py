"""Where the names of a source's labels stand in a clause."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vlit_hub.curation.senses import elsewhere
from vlit_hub.lexicon import LIVING, Lexicon, Name

TOKEN = re.compile(r"[a-z0-9]+(?:-[a-z]+)*")
LEAD = 5
"""Words before a name that its number is looked for in."""


@dataclass(frozen=True)
class Mention:
    """A name in a clause, at ``start`` .. ``stop``."""

    name: Name
    phrase: str
    start: int
    stop: int
    lead: tuple[str, ...] = ()
    """Up to LEAD words before it."""
    several: bool = False
    """It is in the plural."""

    @property
    def before(self) -> str:
        """The word before it."""
        return self.lead[-1] if self.lead else ""


def mentions(clause: str, lexicon: Lexicon) -> list[Mention]:
    """The names in a clause, longest first, none inside another."""
    words = TOKEN.findall(clause)
    if lexicon.firsts.keys().isdisjoint(words):
        return []
    tokens = list(TOKEN.finditer(clause))
    found, at, firsts = [], 0, lexicon.firsts
    while at < len(words):
        hit = lexicon.find(words[at : at + firsts[words[at]]]) if words[at] in firsts else None
        if hit is None:
            at += 1
            continue
        length, name, phrase = hit
        stop = tokens[at + length - 1].end()
        several = words[at + length - 1] != phrase.rpartition(" ")[2]
        joined = at + length < len(words) and clause[stop : tokens[at + length].start()] == " "
        living = name.labels <= LIVING
        if not elsewhere(words, at, at + length, several, joined, living, joined and words[at + length] in firsts):
            found.append(Mention(name, phrase, tokens[at].start(), stop, tuple(words[max(0, at - LEAD) : at]), several))
        at += length
    return found
