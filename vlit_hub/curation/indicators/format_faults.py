"""Answers that are not well formed: cut off, with another role's words, refused, with leftovers of a prompt, empty."""

import re

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values

ENDS = ".!?。！？…।)]}\"'”’»*`>|:;"
"""What a whole sentence may end in; a list or a figure may end in anything."""
LEAST_WORDS = 8
"""Shorter answers are names, numbers and phrases, which end in nothing."""
_OPEN_WORDS = frozenset(
    "a an the and or but nor of to in on at by for with from as into over under is are was were be been has have had "
    "this that these those its his her their which who whose such than because while where when if".split()
)
_ROLE = re.compile(
    r"^\s*(?:user|human|assistant|gpt|question|answer|instruction|###\s*\w+|q|a)\s*:\s*\S|</?s>|<\|\w+\|>|\[/?inst\]",
    re.MULTILINE,
)
_REFUSAL = re.compile(
    r"\b(?:as an ai\b|i(?:'m| am) (?:sorry|unable|not able)\b|i (?:cannot|can't|can not|could not|couldn't) "
    r"(?:(?:see|view|access) (?:(?:the|this|any|your|an?) )?(?:\w+ )?(?:images?|pictures?|photos?|files?|links?)\b|"
    r"provide|determine|help|assist|answer|process|fulfil)|"
    r"i (?:do not|don't) have (?:access|the ability)|"
    r"unfortunately, (?:i|as)\b|language model\b)"
)
_RESIDUE = re.compile(
    r"\{\{?\s*\w+\s*\}?\}|\[(?:insert|your|object|name|answer|question)\b[^\]]*\]|<(?:image|img|box|obj|question|answer)>|"
    r"\b(?:based on|according to|from|in|given) the (?:provided |given )?(?:captions?|bounding box(?:es)?|coordinates|"
    r"(?:textual )?descriptions? (?:provided|given)|object list)\b"
)

_REFUSING = frozenset(("i", "i'm", "unfortunately", "language"))
"""One of these words, or "as an ai", stands in any refusal."""
_RESIDUE_WORDS = ("{", "[", "<", "caption", "bounding box", "coordinates", "description", "object list")
"""One of these stands in any text that the pattern finds; a plain search is many times faster."""


def _found(pattern: re.Pattern[str], words: tuple[str, ...], lower: str) -> bool:
    for word in words:
        if word in lower:
            return pattern.search(lower) is not None
    return False


def _refused(words: list[frozenset[str]], lower: str) -> bool:
    speaks = "as an ai" in lower or not all(map(_REFUSING.isdisjoint, words))
    return speaks and _REFUSAL.search(lower) is not None


def cut_off(answer: str, words: list[str]) -> bool:
    """Whether a text ends in the middle of a sentence: on a word that needs another, or a long one without an end."""
    text = answer.rstrip()
    if not words or not text or text[-1] in ENDS:
        return False
    if words[-1] in _OPEN_WORDS or text[-1] in ",-–—(":
        return True
    sentences = any(end in text[:-1] for end in (". ", "! ", "? ", ".\n"))
    return len(words) >= LEAST_WORDS and sentences and not text.splitlines()[-1].lstrip().startswith(("-", "*", "•"))


def run(facts: Facts) -> Values:
    answers = facts.answers
    if not answers:
        return {}
    whole = "\n".join(answers)
    lower = whole.lower()
    return {
        "cut_off": facts.english and any(map(cut_off, answers, facts.answer_words)),
        "role_leak": _found(_ROLE, (":", "<", "["), lower),
        "refusal": facts.english and _refused(facts.answer_sets, lower),
        "prompt_residue": _found(_RESIDUE, _RESIDUE_WORDS, lower),
        "empty_answer": not all(answer.strip() for answer in answers),
    }


INDICATOR = Indicator(
    "format_faults",
    "correctness",
    (
        Column("cut_off", "flag", "an answer ends in the middle of a sentence", "low"),
        Column("role_leak", "flag", "an answer holds another turn or a control token", "low"),
        Column("refusal", "flag", "an answer refuses, or speaks as a language model", "low"),
        Column("prompt_residue", "flag", "an answer holds leftovers of the prompt that made it", "low"),
        Column("empty_answer", "flag", "an answer is empty", "low"),
    ),
    run,
    version=2,
)
