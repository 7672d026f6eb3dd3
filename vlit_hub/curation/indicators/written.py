"""Whether the words that answers quote are written in the picture, as rapidocr (extra ``ocr``) reads it."""

import io
import re
from functools import cache, lru_cache
from typing import Any

from vlit_hub.curation.facts import Facts, words_of
from vlit_hub.curation.indicator import Column, Indicator, Values

QUOTED = re.compile(r"[\"“]([^\"“”]{1,80})[\"”]|(?<![a-z])'([^']{2,80})'(?![a-z])", re.IGNORECASE)
ASKED = re.compile(
    r"\b(?:what (?:word|text|letters?|numbers?) (?:is|are)(?: it that (?:is|are))? (?:written|printed|shown)|"
    r"what does (?:the|this) \w+ (?:say|read)|what is written|read the (?:text|sign|label|word))\b",
    re.IGNORECASE,
)
LARGE = 160
"""Pictures with a shorter side below are enlarged first: letters of ten pixels are read badly."""


@cache
def _reader() -> Any:
    try:
        from rapidocr import RapidOCR
    except ImportError:
        raise RuntimeError("indicator written: pip install vlit_hub[ocr]") from None
    return RapidOCR(params={"Global.log_level": "error"})


@lru_cache(64)
def read_text(data: bytes) -> tuple[str, ...]:
    """The lines of text in a picture; none where it cannot be read."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as opened:
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ()
    if min(picture.size) < LARGE:
        scale = -(-4 * LARGE // min(picture.size))
        picture = picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.BICUBIC)
    return tuple(_reader()(np.asarray(picture)).txts or ())


def quotes(question: str, answer: str) -> list[str]:
    """What an answer says is written: what stands in quotation marks, or a short answer to what is written."""
    found = [first or second for first, second in QUOTED.findall(answer)]
    if not found and ASKED.search(question) and len(answer.split()) <= 6:
        found.append(answer)
    return found


def run(facts: Facts) -> Values:
    said = [quote for question, answer in facts.rounds for quote in quotes(question, answer)]
    blobs = [blob.bytes for blob in facts.sample.images if blob is not None and blob.bytes]
    if not said or not blobs:
        return {}
    lines = [line for data in blobs for line in read_text(data)]
    joined = "".join(word for line in lines for word in words_of(line))
    words = [word for quote in said for word in words_of(quote)]
    right = sum(word in joined for word in words)
    return {"quoted": len(words), "quoted_right": right / len(words) if words else None}


INDICATOR = Indicator(
    "written",
    "correctness",
    (
        Column("quoted", "count", "words that answers say are written in the picture"),
        Column("quoted_right", "share", "of them, those that are read in it", "high"),
    ),
    run,
    optional="reads every picture: a second each",
)
