"""What differs between model families, as data: one row per family, read by one engine.

A new family is a new row of :data:`FAMILIES`. Functions of a row take the native transformers processor, so that the
numbers of a checkpoint (patch size, pixel limits) are read where the checkpoint keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import LlavaImageProcessor, LlavaImageProcessorPil, PreTrainedConfig, ProcessorMixin
from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

from vlit_hub.regions.geometry import square_padding

Size = tuple[int, int]
"""(width, height) in pixels."""
Window = tuple[float, float, float, float]
"""What the model sees of a picture: left, top, right, bottom in pixels of the stored one, beyond it where padded."""


class UnknownFamily(ValueError):
    """A model or processor that no row of :data:`FAMILIES` covers."""


class FamilyError(ValueError):
    """A native processor set up in a way that its family cannot batch; the message says what to set."""


def _all_of_it(native: ProcessorMixin, size: Size) -> Window:
    return 0.0, 0.0, float(size[0]), float(size[1])


@dataclass(frozen=True)
class Family:
    """One model family.

    ``budget`` below is the most tokens that one picture may take; None leaves the native processor's own limit.
    """

    name: str
    model_types: tuple[str, ...]
    """``config.model_type`` values."""
    processors: tuple[str, ...]
    """Class names of the native processor."""
    dialect: str
    """Region dialect that the family was trained on."""
    resize: Callable[[ProcessorMixin, Size, int | None], Size]
    """Stored size -> size of the picture as the model sees it; raises ValueError for a size the family refuses."""
    tokens: Callable[[ProcessorMixin, Size], int]
    """Size as the model sees it -> number of image tokens."""
    limit: Callable[[ProcessorMixin], int]
    """Most tokens that a picture takes in the native setting."""
    window: Callable[[ProcessorMixin, Size], Window] = _all_of_it
    """Stored size -> what of the picture the model sees; all of it where pictures are only stretched."""
    least_tokens: int | None = None
    """Truncation may lower the budget of a picture to this; None where its number of tokens is fixed."""
    pixel_settings: Callable[[ProcessorMixin, int], dict[str, Any]] | None = None
    """Arguments of the native image processor that hold a picture to a budget; with ``least_tokens`` only."""
    images_key: str = "pixel_values"
    """Batch key whose first dimension counts pictures."""
    packs: bool = False
    """Whether several samples can share one sequence."""
    shares_pictures: bool = False
    """Whether one encoded picture can serve several samples of a batch."""
    why_not: str = ""
    """The reason where ``packs`` or ``shares_pictures`` is false."""
    logits_to_keep: bool = False
    """Whether the model's forward takes a 2D ``logits_to_keep`` mask with ``shift_labels``."""
    template: str = ""
    """Chat template for checkpoints that come without one, or with one that writes no end-of-turn token."""

    def image_tokens(self, native: ProcessorMixin, sizes: Sequence[Size], budget: int | None = None) -> list[int]:
        """Number of image tokens per picture from stored sizes (width, height) alone; no pixels are read."""
        return [self.tokens(native, self.resize(native, size, budget)) for size in sizes]

    def shows(self, native: ProcessorMixin, size: Size, shown: Size, frame: str) -> bool:
        """Whether the ``frame`` of a dialect is that of the pixels, to half a pixel of the ``shown`` picture.

        Boxes in frame square are meant over the padded square, all others over the whole stored picture of ``size``.
        """
        left, top, side = square_padding(size)
        meant = (-left, -top, side - left, side - top) if frame == "square" else _all_of_it(native, size)
        seen = self.window(native, size)
        scale = [shown[axis] / (seen[axis + 2] - seen[axis]) for axis in (0, 1)]
        return all(abs(a - b) * scale[i % 2] <= 0.5 for i, (a, b) in enumerate(zip(meant, seen, strict=True)))

    def budgets(self, native: ProcessorMixin) -> tuple[int | None, ...]:
        """Picture budgets that truncation tries, largest first: native (None), then halved down to the least."""
        if self.least_tokens is None:
            return (None,)
        steps: list[int | None] = [None]
        budget = self.limit(native)
        while budget > self.least_tokens:
            budget = max(budget // 2, self.least_tokens)
            steps.append(budget)
        return tuple(steps)


# -- LLaVA -------------------------------------------------------------------------------------------------------------


def _llava_resize(native: ProcessorMixin, size: Size, budget: int | None) -> Size:
    images = native.image_processor
    target = images.crop_size if images.do_center_crop else images.size
    if not target or not target["height"] or not target["width"]:
        raise FamilyError(
            "LLaVA needs pictures of one size: set do_center_crop or size = {'height', 'width'} in the image processor"
        )
    return target["width"], target["height"]


def _llava_window(native: ProcessorMixin, size: Size) -> Window:
    images = native.image_processor
    left, top, right, bottom = _all_of_it(native, size)
    if images.do_pad and isinstance(images, (LlavaImageProcessor, LlavaImageProcessorPil)):
        x, y, side = square_padding(size)
        left, top, right, bottom = -x, -y, side - x, side - y
    if not images.do_center_crop:
        return left, top, right, bottom
    width, height = right - left, bottom - top
    across = down = 1.0  # stored pixels to a pixel that is cropped
    if images.do_resize and images.size["shortest_edge"]:
        across = down = min(width, height) / images.size["shortest_edge"]
    elif images.do_resize:
        across, down = width / images.size["width"], height / images.size["height"]
    x = (width - images.crop_size["width"] * across) / 2
    y = (height - images.crop_size["height"] * down) / 2
    return left + x, top + y, right - x, bottom - y


def _llava_tokens(native: Any, size: Size) -> int:
    grid = (size[0] // native.patch_size) * (size[1] // native.patch_size)
    return grid + native.num_additional_image_tokens - (native.vision_feature_select_strategy == "default")


def _llava_limit(native: ProcessorMixin) -> int:
    return _llava_tokens(native, _llava_resize(native, (1, 1), None))


_LLAVA_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] != 'system' %}{{ message['role'].upper() + ': ' }}{% endif %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\n' }}{% endfor %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ content['text'] + eos_token }}{% endgeneration %}"
    "{% else %}{{ content['text'] + ' ' }}{% endif %}{% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)

# -- Qwen2.5-VL --------------------------------------------------------------------------------------------------------


def _qwen_limits(native: ProcessorMixin, budget: int | None) -> tuple[int, int, int]:
    """(pixels a side of one token, least pixels, most pixels)."""
    images = native.image_processor
    side = images.patch_size * images.merge_size
    most = images.size["longest_edge"]
    if budget is not None:
        most = min(most, budget * side * side)
    return side, min(images.size["shortest_edge"], most), most


def _qwen_resize(native: ProcessorMixin, size: Size, budget: int | None) -> Size:
    if not native.image_processor.do_resize:
        raise FamilyError("Qwen2.5-VL needs sides that are multiples of its patches: set do_resize")
    side, least, most = _qwen_limits(native, budget)
    height, width = smart_resize(size[1], size[0], factor=side, min_pixels=least, max_pixels=most)
    return width, height


def _qwen_tokens(native: ProcessorMixin, size: Size) -> int:
    side = _qwen_limits(native, None)[0]
    return (size[0] // side) * (size[1] // side)


def _qwen_limit(native: ProcessorMixin) -> int:
    side, _, most = _qwen_limits(native, None)
    return most // (side * side)


def _qwen_pixel_settings(native: ProcessorMixin, budget: int) -> dict[str, Any]:
    _, least, most = _qwen_limits(native, budget)
    return {"size": {"shortest_edge": least, "longest_edge": most}}


_QWEN_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            name="llava",
            model_types=("llava",),
            processors=("LlavaProcessor",),
            dialect="square",
            resize=_llava_resize,
            tokens=_llava_tokens,
            limit=_llava_limit,
            window=_llava_window,
            why_not="packing and picture sharing come with part 4",
            logits_to_keep=True,
            template=_LLAVA_TEMPLATE,
        ),
        Family(
            name="qwen2_5_vl",
            model_types=("qwen2_5_vl",),
            processors=("Qwen2_5_VLProcessor",),
            dialect="qwen25-json",
            resize=_qwen_resize,
            tokens=_qwen_tokens,
            limit=_qwen_limit,
            least_tokens=64,
            pixel_settings=_qwen_pixel_settings,
            images_key="image_grid_thw",
            why_not="packing and picture sharing come with part 4",
            logits_to_keep=True,
            template=_QWEN_TEMPLATE,
        ),
    )
}
"""Family name -> row."""


def family_of(thing: PreTrainedConfig | ProcessorMixin) -> Family:
    """The family of a model configuration (by ``model_type``) or of a native processor (by class name).

    Raises UnknownFamily naming the known ones.
    """
    if isinstance(thing, PreTrainedConfig):
        what, found = (
            f"model type {thing.model_type!r}",
            [f for f in FAMILIES.values() if thing.model_type in f.model_types],
        )
    else:
        names = {cls.__name__ for cls in type(thing).__mro__}
        what, found = f"processor {type(thing).__name__}", [f for f in FAMILIES.values() if names & set(f.processors)]
    if not found:
        known = "; ".join(f"{f.name} ({', '.join(f.processors)})" for f in FAMILIES.values())
        raise UnknownFamily(f"no family for {what}; known: {known}")
    return found[0]
