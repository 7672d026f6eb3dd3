"""Whether a language model that sees no picture would say the same: answers that need no picture."""

import math
from functools import cache
from typing import Any

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values

MOST_TOKENS = 1024
LIKELY = 0.5
"""An answer whose tokens have at least this probability (geometric mean) needs no picture."""


@cache
def _model(name: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    made = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    return AutoTokenizer.from_pretrained(name), made.eval()


def likelihood(name: str, question: str, answer: str) -> float | None:
    """Geometric mean of the probabilities of the answer's tokens after the question, without picture; None where the
    answer has no tokens or both are too long."""
    import torch

    tokenizer, model = _model(name)
    asked = tokenizer(f"Question: {question.strip()}\nAnswer:")["input_ids"]
    said = tokenizer(f" {answer.strip()}", add_special_tokens=False)["input_ids"]
    if not asked or not said or len(asked) + len(said) > MOST_TOKENS:
        return None
    with torch.inference_mode():
        logits = model(torch.tensor([asked + said])).logits[0, len(asked) - 1 : -1]
    chosen = logits.log_softmax(-1).gather(1, torch.tensor(said)[:, None])
    return math.exp(float(chosen.mean()))


def run(facts: Facts) -> Values:
    name = facts.models.get("blind", "")
    if not name:
        raise ValueError("indicator blind: give a language model, --model blind=ID")
    found = [likelihood(name, question, answer) for question, answer in facts.rounds]
    known = [value for value in found if value is not None]
    if not known or not (facts.sample.images or facts.sample.videos):
        return {}
    mean = sum(known) / len(known)
    return {"blind_likelihood": mean, "needs_picture": mean < LIKELY}


INDICATOR = Indicator(
    "blind",
    "complexity",
    (
        Column("blind_likelihood", "share", "probability of a token of the answers to a model without picture", "low"),
        Column("needs_picture", "flag", "the answers are unlikely without the picture", "high"),
    ),
    run,
    optional="needs a language model: --model blind=ID",
)
