"""Where the names of a source's labels stand in a clause."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vlit_hub.curation.clauses import Clause
from vlit_hub.curation.senses import elsewhere
from vlit_hub.lexicon import Lexicon, Name

LEAD = 5
"""Words before a name that its number is looked for in."""


class Mention(Struct, frozen=True, gc=False):
    """A name in a clause, at ``start`` .. ``stop``."""

    name: Name
    phrase: str
    start: int
    stop: int
    lead: Sequence[str] = ()
    """Up to LEAD words before it."""
    several: bool = False
    """It is in the plural."""
    before: str = ""
    """The word before it."""


def mentions(clause: Clause, lexicon: Lexicon) -> list[Mention]:
    """The names in a clause, longest first, none inside another."""
    text, plain, words = clause.text, clause.plain, clause.words
    firsts, names, found, free, behind = lexicon.firsts, lexicon.names, [], 0, 0
    for at in [at for at, word in enumerate(words) if word in firsts]:
        word = words[at]
        start = plain.find(f" {word} ", behind)
        behind = start + 1 + len(word)
        if at < free or (form := names[word] if firsts[word] == 1 else lexicon.find(words, at)) is None:
            continue
        free, stop = at + form.length, start + len(word)
        for following in words[at + 1 : free] if form.length > 1 else ():
            stop = plain.find(f" {following} ", stop) + len(following)
        joined = free < len(words) and text[stop] == " " != plain[stop + 2]
        if not elsewhere(words, at, free, form.several, joined, form.living, joined and words[free] in firsts):
            lead = words[at - LEAD if at > LEAD else 0 : at]
            found.append(Mention(form.name, form.phrase, start, stop, lead, form.several, lead[-1] if lead else ""))
    return found
