"""Short answers of a model: batched greedy generation, left padded, each row's pictures encoded once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vlit_hub.chat import NotChat
from vlit_hub.media import UnreadableMedia
from vlit_hub.schema import Sample

if TYPE_CHECKING:
    from transformers import BatchFeature, PreTrainedModel

    from vlit_hub.processing import VLITProcessor

MAX_NEW_TOKENS = 16
UNREADABLE = "unreadable_media"
"""Of processing.REASONS: a picture or video that cannot be read."""
_VIDEO = re.compile(r"(?:^|: )video \d")
_WORDS = {
    "missing_media": "missing picture or video",
    "unsupported_media": "video, audio or point cloud",
}
"""Reasons of processing.REASONS that evaluation counts under other words."""


def load(folder: str | Path) -> PreTrainedModel:
    """The model of a folder or Hub id, on the GPU where there is one (as it was saved; in float32 on a CPU)."""
    import torch
    from transformers import AutoModelForImageTextToText

    gpu = torch.cuda.is_available()
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype="auto" if gpu else torch.float32)
    return model.to("cuda") if gpu else model  # type: ignore[arg-type]


def predict(
    model: PreTrainedModel,
    processor: VLITProcessor,
    samples: Sequence[Sample],
    *,
    max_new_tokens: int = MAX_NEW_TOKENS,
) -> list[str]:
    """The model's greedy reply to each sample of one batch; the last message of each is the question
    (questions.asked_sample).

    The prompt is token by token what training shows before the answer. The model keeps its device, dtype and mode.
    Raises NotChat for a sample that cannot be put to the model: unreadable picture, box that cannot be written, control
    token in a text, dialogue that the template refuses.
    """
    import torch

    from vlit_hub.processing.batch import pad_id

    inputs = encode(processor, samples).to(model.device, dtype=model.dtype)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            out = model.generate(  # type: ignore[operator]
                **inputs,
                do_sample=False,
                num_beams=1,
                max_new_tokens=max_new_tokens,
                eos_token_id=end_tokens(model, processor),
                pad_token_id=pad_id(processor.tokenizer),
                **processor.family.generate,
            )
    finally:
        model.train(was_training)
    said = processor.tokenizer.batch_decode(out[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return [text.strip() for text in said]


def encode(processor: VLITProcessor, samples: Sequence[Sample]) -> BatchFeature:
    """One left-padded batch of prompts: input_ids, attention_mask (batch, length), pictures and videos of all rows."""
    from transformers import BatchFeature

    from vlit_hub.processing import Dropped, MaskError

    try:
        return BatchFeature(processor.prompts(samples))
    except Dropped as drop:
        raise NotChat(reason_of(drop.reason, str(drop))) from drop
    except MaskError as error:
        raise NotChat("template") from error
    except UnreadableMedia as error:
        raise NotChat(reason_of(UNREADABLE, str(error))) from error


def reason_of(drop: str, detail: str) -> str:
    """The words under which evaluation counts a drop reason of processing; ``detail`` says which medium it was."""
    if drop == UNREADABLE:
        return f"unreadable {'video' if _VIDEO.search(detail) else 'picture'}"
    return _WORDS.get(drop, drop.replace("_", " "))


def end_tokens(model: PreTrainedModel, processor: VLITProcessor) -> list[int]:
    """Ids that end a reply: the tokenizer's, and those of the model's own generation settings."""
    own = model.generation_config.eos_token_id if model.generation_config else None
    known = own if isinstance(own, list) else [own]
    return sorted({token for token in (processor.tokenizer.eos_token_id, *known) if token is not None})
