"""Samples as plain chat: what ``apply_chat_template`` and TRL take."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vlit_hub.media import UnreadableMedia, open_image
from vlit_hub.regions import RenderError, render
from vlit_hub.schema import Media, Message, Sample

if TYPE_CHECKING:
    from PIL.Image import Image

Resize = Callable[[int, int], tuple[int, int]]


class NotChat(ValueError):
    """A sample that plain chat cannot say; ``reason`` is short enough to be counted by."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def render_content(
    sample: Sample, message: Message, dialect: str, resize: Resize | None = None
) -> list[dict[str, str]]:
    """The content of a message in chat form: ``{"type": "text", "text": ...}``, ``{"type": "image"}``.

    Region parts are written in ``dialect`` and joined with the text around them; ``resize`` maps (width, height) of
    the stored picture to what the model sees, for dialects in resized pixels. Raises RenderError.
    """
    sizes = {(m.type, m.index): _size(m) for m in sample.media}
    out: list[dict[str, str]] = []
    text: list[str] = []
    for part in message.content:
        if part.type == "text":
            text.append(part.text)
        elif part.type == "region":
            regions = [sample.regions[i] for i in part.regions]
            places = {(region.modality, region.index) for region in regions}
            if len(places) > 1:
                raise RenderError("one phrase is grounded in several pictures")
            size = sizes.get(places.pop()) if places else None
            text.append(render(part.text, regions, dialect, size, resize))
        else:
            if text:
                out.append({"type": "text", "text": "".join(text)})
                text = []
            out.append({"type": part.type})
    if text:
        out.append({"type": "text", "text": "".join(text)})
    return out


def _size(media: Media) -> tuple[int, int] | None:
    return (media.width, media.height) if media.width and media.height else None


def to_chat(sample: Sample, dialect: str, resize: Resize | None = None) -> dict[str, Any]:
    """``{"messages", "images", "tools"}`` (or ``{"prompt", "completion", "images", "tools"}``) of a sample.

    Images are PIL pictures, one per mention (a picture mentioned twice is there twice). With train=false assistant
    turns before one closing train=true block the dialogue is split into prompt and completion. Raises NotChat
    where plain chat cannot say it: alternating train flags, a missing medium, video / audio / point clouds, a region
    that cannot be rendered.
    """
    if any(blob is None for blob in sample.images):
        raise NotChat("missing picture")
    if sample.videos or sample.audios or sample.point_clouds:
        raise NotChat("video, audio or point cloud")
    try:
        messages = [_chat_message(sample, message, dialect, resize) for message in sample.messages]
    except RenderError as error:
        raise NotChat(f"region: {error}") from None
    mentions = [part.index for message in sample.messages for part in message.content if part.type == "image"]
    pictures = {index: _open(sample, index) for index in set(mentions)}
    rest = {
        "images": [pictures[index] for index in mentions],
        "tools": json.loads(sample.tools) if sample.tools else [],
    }
    start = _completion(sample)
    if start == 0:
        return {"messages": messages, **rest}
    return {"prompt": messages[:start], "completion": messages[start:], **rest}


def _chat_message(sample: Sample, message: Message, dialect: str, resize: Resize | None) -> dict[str, Any]:
    chat: dict[str, Any] = {"role": message.role, "content": render_content(sample, message, dialect, resize)}
    if message.tool_calls:
        chat["tool_calls"] = json.loads(message.tool_calls)
    return chat


def _completion(sample: Sample) -> int:
    """Where the completion begins; 0 when every assistant turn is supervised."""
    masked = [i for i, m in enumerate(sample.messages) if m.role == "assistant" and not m.train]
    if not masked:
        return 0
    after = [i for i, m in enumerate(sample.messages) if m.role == "assistant" and m.train]
    if not after or after[0] < masked[-1]:
        raise NotChat("supervised and masked turns alternate")
    if any(m.role != "assistant" for m in sample.messages[after[0] :]):
        raise NotChat("more than one supervised block after masked turns")
    return after[0]


def _open(sample: Sample, index: int) -> Image:
    blob = sample.images[index]
    assert blob is not None
    try:
        return open_image(blob.bytes if blob.bytes is not None else blob.path)
    except UnreadableMedia:
        raise NotChat("unreadable picture") from None
