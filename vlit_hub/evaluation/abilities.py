"""Which of SEED-Bench-1's nine picture dimensions a question asks for, by its words: an indicator of our own.

SEED-Bench's own labels come with its questions; these rules are not its. Where a release names the ability, that wins.
"""

from __future__ import annotations

import re
from functools import lru_cache

INDICATOR = "vlit_hub ability rules, version 1 (ours)"
"""How a report names abilities that come from :func:`ability_of`."""

_NUMBER = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\\d+"
RULES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "text_recognition",
        ("written", "words?", "letters?", "text", "spell(?:ed)?", "read", "signs? says?", "labels? says?", "brand"),
    ),
    ("instance_counting", ("how many", "number of", "count", "the only", f"(?:see|there (?:is|are)) (?:{_NUMBER})")),
    (
        "visual_reasoning",
        ("why", "what (?:will|would|might|could|may)", "likely", "probably", "infer(?:red)?", "suggests?", "purpose",
         "happen(?:s|ed)? (?:next|before|after)", "mood"),
    ),
    (
        "spatial_relation",
        ("(?:left|right) of", "above", "below", "beneath", "behind", "in front of", "between the", "compared with",
         "relative to", "in relation to", "(?:higher|lower) in the", "close to", "closer to", "near", "next to",
         "how are .* placed"),
    ),
    (
        "instance_interaction",
        ("interact(?:s|ing|ion)?", "holding", "riding", "playing with", "looking at", "doing (?:to|with)",
         "relationship between"),
    ),
    (
        "scene_understanding",
        ("what (?:place|scene|room|setting|season|weather|event|location)", "kind of (?:place|scene|room)",
         "describe the (?:scene|picture|image|setting)", "going on", "(?:main|overall) (?:theme|subject|setting)",
         "(?:picture|photo|photograph|image) taken", "indoors", "outdoors", "tell me about this", "caption",
         "sum the picture up"),
    ),
    (
        "instance_location",
        ("where", "which (?:part|side|corner|cell|area|half)", "position", "located",
         "in the (?:top|bottom|upper|lower|middle|centre|center)"),
    ),
    (
        "instance_attributes",
        ("colou?rs?", "shapes?", "material", "made of", "pattern", "texture", "how (?:big|large|tall|long|old|much)",
         "size", "wearing", "what is .* doing", "expression", "largest", "smallest"),
    ),
    (
        "instance_identity",
        ("(?:is|are) there", "can you see", "what (?:is|are) (?:in|on|marked|this|that|it)", "who", "name the",
         "(?:kind|type|breed|sort) of", "which (?:other )?(?:object|animal|thing)s?",
         "what (?:object|animal|thing|fruit|food|vehicle)s?", "does the (?:image|picture) (?:show|contain)", "marks?"),
    ),
)  # fmt: skip
"""(ability, patterns of whole words): the first row of which one is found in the question decides."""

_RULES = tuple((ability, re.compile(rf"\b(?:{'|'.join(patterns)})\b")) for ability, patterns in RULES)
_OPTION = re.compile(r"^\s*\(?[a-z][.):]\s.*$", re.MULTILINE)
_FORMAT = re.compile(
    r"\b(?:answer|respond|reply)\b[^.?!\n]*\b(?:yes|no|numbers?|words?|phrase|letters?|briefly|option)\b.*"
)


@lru_cache(4096)
def ability_of(question: str) -> str:
    """One of schema.ABILITIES for the words of a question; "none" where no rule speaks. Lines of options and the
    instruction about the form of the answer ("Answer with one word.") are not looked at."""
    lower = _FORMAT.sub("", _OPTION.sub("", question.lower()))
    lower = " ".join(lower.split())
    return next((ability for ability, pattern in _RULES if pattern.search(lower)), "none")
