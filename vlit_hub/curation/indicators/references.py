"""How much of the picture a dialogue speaks of: things named, and how they stand to each other."""

from collections.abc import Mapping
from functools import cache

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values
from vlit_hub.lexicon import lexicon

ALONE = frozenset(
    "behind beside between above below beneath under underneath inside near around against facing holding carrying "
    "wearing riding".split()
)
PAIRS = frozenset(
    (pair.split()[0], pair.split()[1])
    for pair in (
        "left of|right of|next to|front of|top of|across from|sitting on|standing on|looking at|leaning on|attached to|"
        "surrounded by|covered by|covered with|larger than|smaller than|taller than"
    ).split("|")
)
"""Words, and pairs of words, for how one thing stands to another."""
LABELS = frozenset(
    "person bicycle car motorcycle airplane bus train truck boat bench bird cat dog horse sheep cow elephant bear "
    "zebra giraffe backpack umbrella handbag tie suitcase frisbee skis snowboard kite skateboard surfboard bottle cup "
    "fork knife spoon bowl banana apple sandwich orange broccoli carrot pizza donut cake chair couch bed toilet tv "
    "laptop mouse remote keyboard microwave oven toaster sink refrigerator book clock vase scissors toothbrush table "
    "window door tree building house road street sign wall floor sky water grass mountain flower plant shirt hat shoe "
    "glass plate hand face hair arm leg eye light lamp shelf box bag map chart word number".split()
)
"""Things that pictures show: COCO's labels of one word and the commonest others, with those synonyms of lexicon.py
that are one word too."""


@cache
def _names() -> Mapping[str, str]:
    """Word -> the singular of it, of LABELS and their synonyms."""
    return {word: form.phrase for word, form in lexicon(LABELS).names.items() if form.length == 1}


@cache
def _words() -> frozenset[str]:
    return frozenset(_names())


def run(facts: Facts) -> Values:
    if not facts.english or not facts.answers:
        return {}
    different = frozenset().union(*facts.answer_sets)
    names = _names()
    named = {names[word] for word in different & _words()}
    alone = different & ALONE
    relations = sum([words.count(word) for words in facts.answer_words for word in alone]) if alone else 0
    for pair in PAIRS & facts.pair_set:
        relations += facts.pairs.count(pair)
    return {"objects_named": len(named), "relations_named": relations}


INDICATOR = Indicator(
    "references",
    "complexity",
    (
        Column("objects_named", "count", "different things of a list of ours that the answers name"),
        Column("relations_named", "count", "words for how things stand to each other, in the answers"),
    ),
    run,
)
