"""Which captions are in another language than English, the only one that our rules and templates speak."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any

SURE = 0.15
"""Share of belief from which a guess counts. Of 576 people's captions of COCO none is called foreign; English of two or
three words gets at most 0.1, foreign captions of a few words 0.38 and more."""
UNCHECKED = "caption whose language was not checked: pip install 'vlit_hub[curation]'"


def english(captions: Iterable[str], issues: Counter[str]) -> list[str]:
    """The captions that may be English; the others are counted by language. Without py3langid all stay, counted."""
    said = list(captions)
    if find_spec("py3langid") is None:
        issues[UNCHECKED] += len(said)
        return said
    kept = []
    for text in said:
        if language := foreign(text):
            issues[f"caption in another language: {language}"] += 1
        else:
            kept.append(text)
    return kept


@lru_cache(1 << 16)
def foreign(text: str) -> str:
    """The language (ISO 639-1) of a text that is surely not English, else "". Raises ImportError without py3langid."""
    language, belief = _identifier().classify(text)
    return str(language) if language != "en" and belief >= SURE else ""


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
