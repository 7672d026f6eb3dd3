"""What an answer claims of the picture: things that are there or not, how many, where, how they stand to each other, of
what colour or shape.

Rules over English; what they do not understand gives no claim. Things named behind "may", "if", "like", in a choice
with "or" or in a question are no claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from vlit_hub.curation.asked import answered, read
from vlit_hub.curation.claim import PLACE, PLAIN, Claim, counted, ninth, related
from vlit_hub.curation.clauses import Clause, clause_of, clauses
from vlit_hub.curation.mentions import mentions
from vlit_hub.curation.relations import relations
from vlit_hub.curation.scopes import general, ground, of_kind, scopes
from vlit_hub.lexicon import Lexicon

_PARTS = re.compile("[,:]")
_QUOTED = re.compile(r"(?<=[\w,:(]\s)[\"“](?:[^\"“”\n]{1,120})[\"”]")
_LEAD = re.compile(r"\W*(?:yes|no|yeah|nope|indeed|correct|false)\s*(?:[,.!;:–—-]+\s*|$)")


def claims(question: str, answer: str, lexicon: Lexicon) -> list[Claim]:
    """What ``answer`` claims, given to ``question``; each claim once, in order of appearance."""
    asked = read(question, lexicon)
    said = answer.lower().replace("’", "'")
    found = [*answered(asked, said, lexicon)]
    if found and found[0].kind == "value":
        return found
    if '"' in said or "“" in said:
        said = _QUOTED.sub('""', said)
    for clause in clauses(said[lead.end() :] if (lead := _LEAD.match(said)) else said, lexicon.firsts.keys()):
        found += _of_clause(clause, lexicon, asked.implied)
    if len(found) < 2:
        return found
    if found[0].asked:
        found = _said_once(found)
    return list({_key(claim): claim for claim in reversed(found)}.values())[::-1]


def _said_once(found: list[Claim]) -> list[Claim]:
    """The claims without a number that was asked for where the answer tells it of itself."""
    known = {claim.name.labels for claim in found if claim.kind == "count" and not claim.asked}
    return [claim for claim in found if not (claim.asked and claim.kind == "count" and claim.name.labels in known)]


def _key(claim: Claim) -> tuple[object, ...]:
    thing = claim.kind, claim.name.labels, claim.phrase, claim.holds
    return *thing, claim.number, claim.whole, claim.place, claim.how, claim.other


def _of_clause(whole: Clause, lexicon: Lexicon, implied: frozenset[str]) -> list[Claim]:
    found: list[Claim] = []
    if not (named := mentions(whole, lexicon)):
        return found
    denied, hedged = scopes(whole)
    clause = whole.text
    for mention in named:
        at = mention.start
        if denied and (stretches := [each for each in denied if each[0] <= at < each[1]]):
            if not ground(clause, max(stretches), mention, named):
                found.append(counted(clause, mention, holds=False))
        elif mention.several and of_kind(clause, mention):
            hedged = at
        elif at >= hedged or general(clause, mention, implied):
            continue
        elif mention.before in PLAIN:
            found.append(Claim("exists", mention.phrase, mention.name))
        else:
            found.append(counted(clause, mention))
    if len(named) > 1 and (stated := relations(whole, named)):
        silent = min(hedged, *(start for start, _ in denied)) if denied else hedged
        found += [related(t, t.holds) for t in stated if min(t.first.start, t.second.start) < silent]
    if "cent" in clause or "top" in clause or "bottom" in clause or "upper" in clause or "lower" in clause:
        found += _placed(clause, bool(denied) or hedged < len(clause), lexicon)
    return found


def _placed(clause: str, unsure: bool, lexicon: Lexicon) -> Iterator[Claim]:
    places = not unsure and PLACE.search(clause)
    for part in _PARTS.split(clause) if places else ():
        here, there = mentions(clause_of(part), lexicon), list(PLACE.finditer(part))
        if len(here) == len(there) == 1:
            yield Claim("place", here[0].phrase, here[0].name, place=ninth(there[0]))
