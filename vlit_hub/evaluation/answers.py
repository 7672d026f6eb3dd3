"""Short answers: one normal form for predictions and references, and what counts as right.

In the manner of VQA's evaluation (case, punctuation, articles, number words; github.com/GT-Vision-Lab/VQA), but ours:
letters are kept as answers, any script is read, and an answer never becomes empty.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

ARTICLES = frozenset({"a", "an", "the"})
_UP_TO_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
NUMBER_WORDS = {word: str(value) for value, word in enumerate(_UP_TO_TWENTY.split())} | {"none": "0"}
_APOSTROPHES = str.maketrans("", "", "'\u2019`")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


@lru_cache(maxsize=1 << 16)
def normalise(text: str) -> str:
    """The form in which answers are compared: NFKC, lower case, no punctuation but signs and points of numbers, number
    words as figures, no articles. An answer that consists of nothing else keeps it ("A" stays "a", "?" stays "?")."""
    whole = unicodedata.normalize("NFKC", text).casefold()
    plain = _THOUSANDS.sub("", whole.translate(_APOSTROPHES))
    kept = "".join(char if _keeps(plain, i) else " " for i, char in enumerate(plain))
    words = [NUMBER_WORDS.get(word, word) for word in kept.split()]
    return " ".join([word for word in words if word not in ARTICLES] or words) or " ".join(whole.split())


def _keeps(text: str, i: int) -> bool:
    """Whether the character stays: all but punctuation; of that a percent sign, a decimal point, a leading minus."""
    char = text[i]
    if not unicodedata.category(char).startswith("P") or char == "%":
        return True
    before, after = text[i - 1 : i], text[i + 1 : i + 2]
    if char == ".":
        return after.isdigit() and (before.isdigit() or not before.isalnum())
    return char == "-" and after.isdigit() and (not before or before.isspace())


def is_right(prediction: str, references: Sequence[str]) -> bool:
    """Exact match, in normal form, with any of the alternative references."""
    said = normalise(prediction)
    return any(said == normalise(reference) for reference in references)
