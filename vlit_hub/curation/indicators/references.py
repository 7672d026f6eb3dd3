"""How much of the picture a dialogue speaks of: things named, and how they stand to each other."""

import re

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values
from vlit_hub.curation.lexicon import lexicon

RELATION = re.compile(
    r"\b(?:left of|right of|next to|in front of|behind|beside|between|above|below|beneath|under|underneath|on top of|"
    r"inside|near|around|against|across from|facing|holding|carrying|wearing|riding|sitting on|standing on|looking at|"
    r"leaning on|attached to|surrounded by|covered (?:by|with)|larger than|smaller than|taller than)\b",
    re.IGNORECASE,
)
LABELS = frozenset(
    "person bicycle car motorcycle airplane bus train truck boat bench bird cat dog horse sheep cow elephant bear "
    "zebra giraffe backpack umbrella handbag tie suitcase frisbee skis snowboard kite skateboard surfboard bottle cup "
    "fork knife spoon bowl banana apple sandwich orange broccoli carrot pizza donut cake chair couch bed toilet tv "
    "laptop mouse remote keyboard microwave oven toaster sink refrigerator book clock vase scissors toothbrush table "
    "window door tree building house road street sign wall floor sky water grass mountain flower plant shirt hat shoe glass "
    "plate hand face hair arm leg eye light lamp shelf box bag map chart word number".split()
)
"""Things that pictures show: COCO's labels of one word and the commonest others, with the synonyms of lexicon.py."""


def run(facts: Facts) -> Values:
    if not facts.english or not facts.answers:
        return {}
    known, named = lexicon(LABELS), set()
    for words in facts.answer_words:
        for at, word in enumerate(words):
            if word in known.firsts and (found := known.find(words[at : at + known.firsts[word]])):
                named.add(found[2])
    relations = sum(len(RELATION.findall(answer)) for answer in facts.answers)
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
