"""Short answers of a model: batched greedy generation, left padded, each row's pictures encoded once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vlit_hub.chat import NotChat, to_chat
from vlit_hub.schema import Sample

if TYPE_CHECKING:
    from transformers import BatchFeature, PreTrainedModel

    from vlit_hub.processing import VLITProcessor

MAX_NEW_TOKENS = 16


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
    Raises NotChat for a sample that cannot be put to the model: unreadable picture, box that cannot be written.
    """
    import torch

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
                pad_token_id=processor.tokenizer.pad_token_id,
            )
    finally:
        model.train(was_training)
    said = processor.tokenizer.batch_decode(out[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return [text.strip() for text in said]


def encode(processor: VLITProcessor, samples: Sequence[Sample]) -> BatchFeature:
    """One left-padded batch of prompts: input_ids, attention_mask (batch, length) and the pictures of all rows."""
    chats = [_chat(processor, sample) for sample in samples]
    native = processor.native
    texts = [
        native.apply_chat_template(
            chat["messages"], tools=chat["tools"] or None, add_generation_prompt=True, tokenize=False
        )
        for chat in chats
    ]
    images = [picture.convert("RGB") for chat in chats for picture in chat["images"]]
    bos = processor.tokenizer.bos_token
    return native(
        text=texts,
        images=images or None,
        padding=True,
        padding_side="left",
        add_special_tokens=not (bos and texts[0].startswith(bos)),
        return_tensors="pt",
    )


def _chat(processor: VLITProcessor, sample: Sample) -> dict[str, Any]:
    def resize(width: int, height: int) -> tuple[int, int]:
        return processor.family.resize(processor.native, (width, height), None)

    chat = to_chat(sample, processor.dialect, resize)
    try:
        for picture in chat["images"]:
            resize(*picture.size)
    except ValueError as error:
        raise NotChat(f"picture size: {error}") from None
    return chat


def end_tokens(model: PreTrainedModel, processor: VLITProcessor) -> list[int]:
    """Ids that end a reply: the tokenizer's, and those of the model's own generation settings."""
    own = model.generation_config.eos_token_id if model.generation_config else None
    known = own if isinstance(own, list) else [own]
    return sorted({token for token in (processor.tokenizer.eos_token_id, *known) if token is not None})
