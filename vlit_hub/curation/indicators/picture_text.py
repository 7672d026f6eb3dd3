"""How well the answers fit the picture, to a model of the CLIP family."""

import io
from functools import cache
from typing import Any

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values


@cache
def _model(name: str) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoProcessor

    return AutoProcessor.from_pretrained(name), AutoModel.from_pretrained(name).eval()


def similarity(name: str, picture: bytes, text: str) -> float | None:
    """Cosine of the embeddings of a picture and a text, below 0 counted as 0 (CLIPScore without its factor, Hessel et
    al., 2104.08718); None for a picture that cannot be read."""
    import torch
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture)) as opened:
            shown = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    processor, model = _model(name)
    inputs = processor(text=[text], images=[shown], return_tensors="pt", padding=True, truncation=True)
    with torch.inference_mode():
        made = model(**inputs)
    return max(0.0, float(torch.cosine_similarity(made.image_embeds, made.text_embeds)[0]))


def run(facts: Facts) -> Values:
    name = facts.models.get("clip", "")
    if not name:
        raise ValueError("indicator picture_text: give a model of the CLIP family, --model clip=ID")
    blobs = [blob.bytes for blob in facts.sample.images if blob is not None and blob.bytes]
    if len(blobs) != 1 or not facts.answers:
        return {}
    return {"picture_text": similarity(name, blobs[0], " ".join(facts.answers))}


INDICATOR = Indicator(
    "picture_text",
    "correctness",
    (Column("picture_text", "share", "cosine of picture and answers to a model of the CLIP family", "high"),),
    run,
    optional="needs a model: --model clip=ID",
)
