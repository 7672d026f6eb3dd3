"""Verb and noun of an instruction, by light rules of our own over English: no tagger, no model.

Source of the figure: Wang et al., "Self-Instruct" (2212.10560), which parses; ours reads the head of the sentence.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain

from vlit_hub.curation.facts import WORD
from vlit_hub.lexicon import singulars

_REQUEST = re.compile(
    r"^\W*(?:please|kindly|now|then|first|next|also|(?:can|could|would|will) (?:you|i)(?: please)?|i(?:'d| would)? "
    r"(?:want|need|like)(?: you)? to|help me(?: to)?|try to|let's|you (?:should|must|are to))\s*,?\s+"
)
VERBS = frozenset(
    "add analyse analyze answer ask assess caption categorize check choose cite classify combine compare complete "
    "compose compute conclude consider construct convert convey count create critique deduce define demonstrate "
    "depict derive describe design detail detect determine develop discover discuss display distinguish draft draw "
    "elaborate elucidate enumerate estimate evaluate examine explain explore express extract fill find focus follow "
    "formulate generate give guess highlight identify illustrate imagine indicate infer inspect interpret introduce "
    "investigate judge justify label list locate look make mark match mention name narrate note observe offer "
    "outline paint paraphrase pick plan point portray predict present produce propose provide rank rate read "
    "recognize recommend recount refer report rephrase represent respond retrieve reveal review rewrite say segment "
    "select share show sketch solve specify spot state study suggest summarize summarise suppose take talk tell "
    "transcribe translate use verify view visualize walk watch write".split()
)
ASKED = {
    "how many": "count", "how much": "measure", "how old": "date", "how": "explain", "what": "identify",
    "which": "choose", "where": "locate", "who": "name", "whose": "name", "when": "date", "why": "explain",
}  # fmt: skip
"""Begin of a question -> the verb that stands for it."""
_AUXILIARY = frozenset("is are was were do does did can could will would has have had should may might".split())
CONTENTLESS = frozenset(
    "a an the this that these those my your his her its their our some any all each every of in on at by for with "
    "from to me us it you there is are was were be do does did can could and or not as about into more most very so "
    "such what which who how many much kind type sort following given brief short long detailed detail main "
    "provided new single one two three concise simple clear full whole entire possible overall visible image's "
    "picture's please see seen shown he she they we i if has have had will would should may might".split()
)
MOST_WORDS = 12
"""Of the sentence that a noun is looked for in."""


@lru_cache(4096)
def verb_noun(question: str) -> tuple[str, str] | None:
    """(verb, noun) of the last sentence that asks for something; the noun may be empty. None where there is none."""
    sentences = [part for part in re.split(r"(?<=[.?!])\s+|\n", question.lower()) if part.strip()]
    for sentence in chain(reversed(sentences)):
        words = WORD.findall(_REQUEST.sub("", sentence))
        if not words:
            continue
        pair = " ".join(words[:2])
        if pair in ASKED or words[0] in ASKED:
            head = 2 if pair in ASKED else 1
            return ASKED[pair if pair in ASKED else words[0]], _noun(words[head:])
        if words[0] in VERBS:
            return words[0], _noun(words[1:])
        if words[0] in _AUXILIARY:
            return "verify", _noun(words[1:])
    return None


def _noun(words: list[str]) -> str:
    """The first word that is none of CONTENTLESS, in the singular; of two that follow each other the second."""
    for at, word in enumerate(words[:MOST_WORDS]):
        if word not in CONTENTLESS and not word.isdigit():
            following = words[at + 1] if at + 1 < len(words) else ""
            head = following if following and following not in CONTENTLESS and not _ends(following) else word
            return singulars(head)[-1]
    return ""


def _ends(word: str) -> bool:
    return word.endswith(("ing", "ed", "ly")) or word in VERBS
