"""What generation begins with, by the native chat template, against what training shows before each answer."""

from __future__ import annotations

import re

from vlit_hub.verify.case import Case
from vlit_hub.verify.said import Unsaid

REMEDY = (
    "a model tuned so is asked with tokens it never saw; make both one in the chat_template.jinja of the processor's "
    "folder (or VLITProcessor(chat_template=...))"
)
SHOWN = 40
"""Characters of each text that are named."""


def generation_prompt(case: Case) -> str | None:
    """For each answer: the prompt of the turns before it is how the whole dialogue begins, and supervision starts with
    the token behind it."""
    if len(case.answered) != len(case.trained):
        return Unsaid("the supervised stretches are not those of the answers")
    unsaid, dialogue = "", case.written(len(case.kept))
    for number, message in enumerate(case.trained):
        if not message:
            continue  # nothing is asked before it
        prompt = case.written(message, reply=True)
        if prompt is None or dialogue is None:
            unsaid = unsaid or "the chat template refuses the turns before an answer"
        elif not dialogue.startswith(prompt):
            asked, shown = _parting(prompt, dialogue)
            return f"generation begins with {asked!r}, training shows {shown!r} for answer {number}: {REMEDY}"
        elif not begins(case, number, prompt):
            if case.answers[number][:1].isspace():
                unsaid = unsaid or "an answer begins with white space, which is one token with the end of the prompt"
                continue
            shown = case.decode(case.before(number))[-SHOWN:]
            return (
                f"generation begins with {prompt[-SHOWN:]!r}, training shows {shown!r} before answer {number}: {REMEDY}"
            )
    return Unsaid(unsaid) if unsaid else "" if case.trained else None


def begins(case: Case, number: int, prompt: str | None) -> bool:
    """Whether the unsupervised tokens before an answer end as those of the prompt do, from its last special token on.

    A special token cuts the tokenisation; a picture's may be written otherwise than in the template. Where the words of
    the turn before differ, which other rows tell, it is what stands behind them.
    """
    if prompt is None:
        return False
    shown, cuts = case.before(number), list(re.finditer(case.special_texts, prompt))
    cut = cuts[-1].group() if cuts else ""
    tail = prompt[cuts[-1].end() :] if cuts else prompt
    said = case.said_before(case.trained[number])
    return any(
        form and shown[-len(form) :] == form
        for part in (tail, tail.rpartition(said)[2] if said else tail)
        for form in (case.tokens(part), case.tokens(cut + part)[bool(cut and part) :])
    )


def _parting(prompt: str, dialogue: str) -> tuple[str, str]:
    """Both texts around the first character in which they differ."""
    at = next(
        (n for n, (a, b) in enumerate(zip(prompt, dialogue, strict=False)) if a != b), min(len(prompt), len(dialogue))
    )
    start = max(at - SHOWN // 2, 0)
    return prompt[start : at + SHOWN // 2], dialogue[start : at + SHOWN // 2]
