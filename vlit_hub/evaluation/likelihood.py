"""How likely a model holds each of several replies to one question: pictures and prompt are run once for all of them.

The prompts of a batch are run left padded with a key-value cache; its rows are then repeated, one per reply, and only
the replies' own tokens are run. The figures are those of running every reply separately with its picture
(:func:`apart`), to float error.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from vlit_hub.chat import NotChat
from vlit_hub.evaluation.predict import UNREADABLE, reason_of
from vlit_hub.media import UnreadableMedia
from vlit_hub.schema import Message, Part, Sample

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from vlit_hub.processing import VLITProcessor
    from vlit_hub.processing.truncation import Encoded

MROPE = ("qwen2_5_vl", "qwen3_vl")
"""Families whose positions have three rows."""
GRIDS = ("image_grid_thw", "video_grid_thw", "second_per_grid_ts")
"""What their positions depend on beside the tokens."""
INNER = ("blip2", "instructblip")
"""Families whose cache is that of their ``language_model``, which goes on by itself."""
UNCACHED: dict[str, str] = {
    "idefics": "the model takes no tokens without their pictures",
    "kosmos2": "the model takes no tokens without their pictures",
}
"""Families whose replies are run apart -> why."""
_LONGEST = 1 << 20


@dataclass(frozen=True)
class Likelihood:
    """Log likelihood (natural) of a reply with its end-of-turn token, ``tokens`` long: what training supervises."""

    total: float
    tokens: int

    @property
    def mean(self) -> float:
        """Per token: the length-normalised likelihood."""
        return self.total / self.tokens


@dataclass(frozen=True)
class _Asked:
    """One sample with its replies: what stands before them all, and the tokens of each."""

    sample: Sample
    prefix: Encoded
    replies: list[list[int]]


def how(processor: VLITProcessor) -> str:
    """How the replies of a family are run, for a report."""
    if why := UNCACHED.get(processor.family.name):
        return f"each option apart, with its picture ({processor.family.name}: {why})"
    return "pictures and prompt once for all options"


def choose(model: PreTrainedModel, processor: VLITProcessor, samples: Sequence[Sample]) -> list[str]:
    """Which option of each sample the model holds likeliest, as ``mean=C sum=C letter=B`` (scorers.BY): per token, in
    all, and of the letters alone."""
    letters = [list(string.ascii_uppercase[: len(sample.choices)]) for sample in samples]
    replies = [[*sample.choices, *names] for sample, names in zip(samples, letters, strict=True)]
    said = []
    for names, scores in zip(letters, likelihoods(model, processor, samples, replies), strict=True):
        options, single = scores[: len(names)], scores[len(names) :]
        by = {
            "mean": [score.mean for score in options],
            "sum": [score.total for score in options],
            "letter": [score.total for score in single],
        }
        said.append(" ".join(f"{name}={names[values.index(max(values))]}" for name, values in by.items()))
    return said


def likelihoods(
    model: PreTrainedModel, processor: VLITProcessor, samples: Sequence[Sample], replies: Sequence[Sequence[str]]
) -> list[list[Likelihood]]:
    """The likelihood of each of a sample's ``replies``; the last message of a sample is the question.

    Raises NotChat as :func:`predict.predict` does, and for a reply that cannot be written.
    """
    import torch

    encoded = [_encoded(processor, sample, said) for sample, said in zip(samples, replies, strict=True)]
    asked = [_split(sample, rows) for sample, rows in zip(samples, encoded, strict=True)]
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            try:
                if processor.family.name in UNCACHED:
                    return [_apart(model, processor, s, rows) for s, rows in zip(samples, encoded, strict=True)]
                found: list[list[Likelihood]] = [[] for _ in samples]
                joint = [i for i, one in enumerate(asked) if one is not None]
                for i, scores in zip(joint, _together(model, processor, [a for a in asked if a]), strict=True):
                    found[i] = scores
                for i, one in enumerate(asked):
                    if one is None:
                        found[i] = _apart(model, processor, samples[i], encoded[i])
                return found
            except UnreadableMedia as error:
                raise NotChat(reason_of(UNREADABLE, str(error))) from error
    finally:
        model.train(was_training)


def apart(model: PreTrainedModel, processor: VLITProcessor, sample: Sample, replies: Sequence[str]) -> list[Likelihood]:
    """Each reply run by itself, with its picture: the plain way, for families without a cache and to compare with."""
    import torch

    with torch.inference_mode():
        return _apart(model, processor, sample, _encoded(processor, sample, replies))


def _encoded(processor: VLITProcessor, sample: Sample, replies: Sequence[str]) -> list[Encoded]:
    """The sample with each reply, as training shows it; only the reply is supervised."""
    from vlit_hub.processing import MaskError

    context = [msgspec.structs.replace(message, train=False) for message in sample.messages]
    rows = [
        msgspec.structs.replace(sample, messages=[*context, Message("assistant", [Part(text=said)])], spans=[])
        for said in replies
    ]
    try:
        found = processor.encode_all(rows, _LONGEST)
    except MaskError as error:
        raise NotChat("template") from error
    for one in found:
        if one.dropped:
            raise NotChat(reason_of(one.dropped, one.detail))
    return found


def _split(sample: Sample, rows: Sequence[Encoded]) -> _Asked | None:
    """What the replies share and their own tokens; None where a reply changes the tokens before it."""
    turns = [one.turns[-1] for one in rows]
    prefix = rows[0].input_ids[: turns[0].start]
    if any(one.input_ids[: turn.start] != prefix for one, turn in zip(rows, turns, strict=True)):
        return None
    shared = replace(rows[0], input_ids=prefix, labels=[-100] * len(prefix), turns=[], messages=rows[0].messages - 1)
    replies = [one.input_ids[turn.start : turn.stop] for one, turn in zip(rows, turns, strict=True)]
    return _Asked(sample, shared, replies)


def _apart(
    model: PreTrainedModel, processor: VLITProcessor, sample: Sample, rows: Sequence[Encoded]
) -> list[Likelihood]:
    import torch

    from vlit_hub.processing import batch

    found = []
    for one in rows:
        family, native = processor.family, processor.native
        pixels = batch.join(family, batch.pixels(family, native, [sample], [one]))
        inputs = _to(model, batch.pad(family, native, [one], "left") | pixels)
        labels = inputs.pop("labels")
        logits = model(**inputs, use_cache=False).logits
        turn = one.turns[-1]
        said = labels[:, turn.start : turn.stop]
        offset = logits.shape[1] - labels.shape[1]
        scores = torch.log_softmax(logits[:, offset + turn.start - 1 : offset + turn.stop - 1].float(), -1)
        total = scores.gather(-1, said[..., None]).double().sum()
        found.append(Likelihood(float(total), turn.stop - turn.start))
    return found


def _together(model: PreTrainedModel, processor: VLITProcessor, asked: Sequence[_Asked]) -> list[list[Likelihood]]:
    """All replies of a batch over one run of its prompts."""
    import torch

    from vlit_hub.processing import batch

    if not asked:
        return []
    family, native = processor.family, processor.native
    prefixes = [one.prefix for one in asked]
    pixels = batch.join(family, batch.pixels(family, native, [one.sample for one in asked], prefixes))
    inputs = _to(model, batch.pad(family, native, prefixes, "left") | pixels)
    del inputs["labels"]
    deltas = None
    if family.name in MROPE:
        inputs["position_ids"], deltas = _rope(model, inputs)
    out = model(**inputs, use_cache=True, logits_to_keep=1)
    owner = torch.tensor([i for i, one in enumerate(asked) for _ in one.replies], device=model.device)
    said = [reply for one in asked for reply in one.replies]
    ids = batch.rows([reply[:-1] for reply in said], batch.pad_id(processor.tokenizer), "right").to(model.device)
    kept = batch.rows([[1] * (len(reply) - 1) for reply in said], 0, "right").to(model.device)
    logits = out.logits[owner, -1:].float()
    if ids.shape[1]:
        inner: Any = model.language_model if family.name in INNER else model
        cache = (out.language_model_outputs if family.name in INNER else out).past_key_values
        cache.batch_select_indices(owner)
        mask = torch.cat([inputs["attention_mask"][owner], kept], 1)
        more: dict[str, Any] = {}
        if deltas is not None:
            places = (mask.cumsum(-1) - 1 + deltas[owner])[:, -ids.shape[1] :]
            more["position_ids"] = places.expand(3, -1, -1)
        following = inner(input_ids=ids, attention_mask=mask, past_key_values=cache, use_cache=True, **more)
        logits = torch.cat([logits, following.logits.float()], 1)
    scores = torch.log_softmax(logits, -1)
    target = batch.rows(said, 0, "right").to(model.device)
    each = scores.gather(-1, target[..., None])[..., 0].double()
    lengths = torch.tensor([len(reply) for reply in said], device=model.device)
    used = torch.arange(target.shape[1], device=model.device) < lengths[:, None]
    totals = iter(torch.where(used, each, 0.0).sum(1).tolist())
    return [[Likelihood(next(totals), len(reply)) for reply in one.replies] for one in asked]


def _rope(model: Any, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """(3, batch, length) positions of the prompts, and per row what the next text position is beyond its count."""
    import torch

    mask, grids = inputs["attention_mask"], {name: inputs[name] for name in GRIDS if name in inputs}
    if grids:
        return model.model.get_rope_index(
            inputs["input_ids"], mm_token_type_ids=inputs["mm_token_type_ids"], attention_mask=mask, **grids
        )
    places = (mask.cumsum(-1) - 1).clamp(min=0)
    return places.expand(3, -1, -1), torch.zeros(len(mask), 1, dtype=torch.long, device=mask.device)


def _to(model: PreTrainedModel, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """On the model's device; pixels in its dtype."""
    from transformers import BatchFeature

    return dict(BatchFeature(inputs).to(model.device, dtype=model.dtype))
