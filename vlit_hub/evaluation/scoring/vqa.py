"""VQA accuracy as visualqa.org computes it, its normal form of answers with it (and the quirks of that form).

Antol et al., "VQA: Visual Question Answering" (2015); GT-Vision-Lab/VQA @a013f00 PythonEvaluationTools. An answer is as
right as a third of the people who gave it, at most 1, mean over leaving out each person in turn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

NUMBERS = {word: str(n) for n, word in enumerate("zero one two three four five six seven eight nine ten".split())}
WORDS = NUMBERS | {"none": "0", "a": "", "an": "", "the": ""}
_CONTRACTED = """
'ow's'at 'twas ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't
he'd he'd've he's how'd how'll how's isn't it'd it'd've it'll ma'am might've mightn't mightn't've must've mustn't
needn't not've o'clock oughtn't shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's
someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've there're
there's they'd they'd've they'll they're they've wasn't we'd've we've weren't what'll what're what's what've when's
where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've wouldn't wouldn't've
y'all y'all'd've y'all'll you'd you'd've you'll you're you've
""".split()
CONTRACTIONS = {
    word[:place] + word[place + 1 :]: word for word in _CONTRACTED for place, char in enumerate(word) if char == "'"
} | {"somebody'd": "somebodyd"}
"""A contraction with one apostrophe too few -> as it is spelled."""
_PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
_PERIOD = re.compile(r"\.(?!\d)")
_THOUSANDS = re.compile(r"\d,\d")
_MOST_PERIODS = int(re.UNICODE)
"""The reference hands ``re.UNICODE`` to ``sub`` where it takes the number of replacements."""


def normal_form(text: str) -> str:
    """The form in which answers are compared where people disagree."""
    out, runs_on = text, _THOUSANDS.search(text) is not None
    for mark in _PUNCTUATION:
        spaced = f"{mark} " in text or f" {mark}" in text
        out = out.replace(mark, "" if spaced or runs_on else " ")
    out = _PERIOD.sub("", out, _MOST_PERIODS)
    words = [WORDS.get(word, word) for word in out.lower().split()]
    return " ".join(CONTRACTIONS.get(word, word) for word in words if word)


def vqa_accuracy(prediction: str, answers: Sequence[str]) -> float:
    """0..1 for one answer against those of people (ten in VQAv2); raises ValueError for none."""
    if not answers:
        raise ValueError("answers: VQA accuracy needs those of at least one person")
    said = _line(prediction)
    given = [_line(answer) for answer in answers]
    if len(set(given)) > 1:
        said, given = normal_form(said), [normal_form(answer) for answer in given]
    same = Counter(given)[said]
    others = min(1.0, same / 3), min(1.0, (same - 1) / 3)
    return ((len(given) - same) * others[0] + same * others[1]) / len(given)


def _line(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ").strip()
