"""The one record of the house: :class:`Sample`, its parts, and the closed vocabularies.

The struct definitions below *are* the field table: column order, types and meanings. The Arrow schema
(:func:`arrow_schema`), ``datasets.Features`` (builder.py), the JSON inside the shards and the published card are
derived from them. A sample in canonical form (what :func:`vlit_hub.canonical.validate` accepts) survives
Sample <-> JSON, Arrow, parquet and tar exactly.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 1 << 22
"""Bytes of JSON that Arrow parses at a time."""
VERSION = 1
"""Version of the schema; part of every cache key and manifest."""

# -- closed vocabularies: value -> one line ---------------------------------------------------------------------------

ROLES = {
    "system": "instructions that hold for the whole dialogue",
    "user": "the person (or the environment) that asks",
    "assistant": "the model; the only role that can be supervised",
    "tool": "the result of a tool call",
}
PART_TYPES = {
    "text": "plain text",
    "image": "the picture `index` stands here",
    "video": "the video `index` stands here",
    "audio": "the sound `index` stands here",
    "point_cloud": "the point cloud `index` stands here",
    "region": "`text` (a phrase, or empty) grounded in 0..n regions",
}
MODALITIES = {
    "image": "column images",
    "video": "column videos",
    "audio": "column audios",
    "point_cloud": "column point_clouds",
}
TASKS = {
    "conversation": "free dialogue about the media",
    "description": "detailed description",
    "caption": "short caption",
    "reasoning": "an answer that needs inference beyond what is seen",
    "vqa": "a question with a short answer",
    "multiple_choice": "a question with given options",
    "yes_no": "a question answered yes or no",
    "counting": "how many",
    "classification": "one label out of a set",
    "ocr": "reading or using text in the picture",
    "document_qa": "questions about documents, charts, tables, diagrams",
    "referring": "phrase to region",
    "region_description": "region to text",
    "grounded_conversation": "dialogue whose phrases are tied to regions",
    "grounded_caption": "caption whose phrases are tied to regions",
    "detection": "all instances of the named classes",
    "segmentation": "regions as masks",
    "comparison": "two or more pictures compared",
    "storytelling": "a story or creative text about the media",
    "visual_dialog": "a released multi-round dialogue task",
    "in_context": "the answer follows examples given before",
    "video_qa": "questions about a video",
    "video_caption": "description of a video",
    "audio_qa": "questions about a sound",
    "audio_caption": "description of a sound",
    "point_cloud_qa": "questions about a point cloud",
    "point_cloud_caption": "description of a point cloud",
    "generation": "the answer holds generated media",
    "editing": "the answer is an edited medium",
    "tool_use": "calls of tools",
    "planning": "steps that an embodied agent takes",
    "feedback": "ratings and critiques of answers",
    "hallucination_detection": "spans of an answer marked right or wrong",
    "instruction_following": "text-only instructions",
    "other": "none of the above",
}
INSTRUCTION_TYPES = {
    "global": "about the whole picture (the survey's own type)",
    "negative": "absent objects, wrong premises (the survey's own type)",
    "region": "about one marked object (the survey's own type)",
    "none": "the release does not say",
}
ABILITIES = {
    "scene_understanding": "SEED-Bench-1: Scene Understanding",
    "instance_identity": "SEED-Bench-1: Instance Identity",
    "instance_attributes": "SEED-Bench-1: Instance Attributes",
    "instance_location": "SEED-Bench-1: Instance Location",
    "instance_counting": "SEED-Bench-1: Instance Counting",
    "spatial_relation": "SEED-Bench-1: Spatial Relation",
    "instance_interaction": "SEED-Bench-1: Instance Interaction",
    "visual_reasoning": "SEED-Bench-1: Visual Reasoning",
    "text_recognition": "SEED-Bench-1: Text Recognition",
    "none": "not said",
}
REGION_KINDS = {
    "box": "axis-parallel rectangle x1, y1, x2, y2",
    "point": "one [x, y]",
    "polygon": "flat rings [x1, y1, x2, y2, ...]",
    "mask": "COCO run-length encoding",
    "interval": "start..end in seconds of a video or sound",
}
FRAMES = {
    "norm": "0..1 of the stored picture (and intervals)",
    "pixel": "pixels of a picture whose size is not known yet",
    "square": "0..1 of the picture padded to a centred square, size not known yet",
}
SPAN_KINDS = {
    "rating": "a score given to the text",
    "critique": "a judgement in words",
    "refinement": "a better version of the text",
    "hallucination": "a label of truth for the text",
    "rejected": "an answer that was not preferred",
    "grounding": "the text is tied to `regions`",
}

Role = Literal["system", "user", "assistant", "tool"]
PartType = Literal["text", "image", "video", "audio", "point_cloud", "region"]
Modality = Literal["image", "video", "audio", "point_cloud"]
RegionKind = Literal["box", "point", "polygon", "mask", "interval"]
Frame = Literal["norm", "pixel", "square"]
InstructionType = Literal["global", "negative", "region", "none"]
SpanKind = Literal["rating", "critique", "refinement", "hallucination", "rejected", "grounding"]

_Bytes = bytes  # Blob has a field of that name
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def _doc(text: str) -> Meta:
    return Meta(description=text)


# -- the field table ---------------------------------------------------------------------------------------------------


class Blob(Struct, frozen=True, gc=False):
    """One medium: its bytes (path empty), or the path of the file that holds them. Missing: ``None``, never a Blob."""

    bytes: _Bytes | None = None
    path: str = ""


class Part(Struct, frozen=True, gc=False):
    """One piece of a message."""

    type: Annotated[PartType, _doc("text, image, video, audio, point_cloud or region")] = "text"
    text: Annotated[str, _doc("the text, or the phrase of a region part; never null")] = ""
    index: Annotated[Int32, _doc("which medium of that type; -1 for text and region")] = -1
    regions: Annotated[list[Int32], _doc("region part: indices into `regions`")] = []


class Message(Struct, frozen=True, gc=False):
    """One turn."""

    role: Annotated[Role, _doc("system, user, assistant or tool")]
    content: Annotated[list[Part], _doc("always the list form")]
    train: Annotated[bool, _doc("false: context only, masked in the loss")] = True
    tool_calls: Annotated[str, _doc("JSON list of calls, or empty")] = ""


class Mask(Struct, frozen=True, gc=False):
    """COCO run-length encoding."""

    size: Annotated[list[Int32], _doc("[height, width], or empty")] = []
    counts: Annotated[str, _doc("compressed counts, or empty")] = ""


class Region(Struct, frozen=True, gc=False):
    """A place in a medium; `kind` is the finest geometry given."""

    modality: Annotated[Modality, _doc("which media column")] = "image"
    index: Annotated[Int32, _doc("which medium of that column")] = 0
    kind: Annotated[RegionKind, _doc("box, point, polygon, mask or interval")] = "box"
    frame: Annotated[Frame, _doc("norm, or pixel / square while the picture size is unknown")] = "norm"
    box: Annotated[list[float], _doc("x1, y1, x2, y2 or empty")] = []
    points: Annotated[list[list[float]], _doc("point: [[x, y]]; polygon: one flat ring each")] = []
    mask: Annotated[Mask, _doc("COCO RLE")] = Mask()
    start: Annotated[float | None, _doc("seconds; null where absent")] = None
    end: Annotated[float | None, _doc("seconds; null where absent")] = None
    label: Annotated[str, _doc("class or name")] = ""
    score: Annotated[float | None, _doc("confidence as released; null where absent")] = None
    native: Annotated[str, _doc("the literal it was parsed from")] = ""


class Span(Struct, frozen=True, gc=False):
    """A statement about a stretch of a message."""

    message: Annotated[Int32, _doc("index into messages")]
    kind: Annotated[SpanKind, _doc("rating, critique, refinement, hallucination, rejected, grounding")]
    start: Annotated[Int32, _doc("code points into the joined part texts; -1 = whole message")] = -1
    end: Annotated[Int32, _doc("exclusive; -1 = whole message")] = -1
    value: Annotated[str, _doc("the rating, critique, label or text")] = ""
    regions: Annotated[list[Int32], _doc("grounding: indices into regions")] = []


class Media(Struct, frozen=True, gc=False):
    """What is known of one medium, present or missing."""

    type: Annotated[Modality, _doc("image, video, audio or point_cloud")]
    index: Annotated[Int32, _doc("position in the column of that type")]
    ref: Annotated[str, _doc("native file name or URL; portable, never a local path")] = ""
    width: Annotated[Int32 | None, _doc("pixels, from the header")] = None
    height: Annotated[Int32 | None, _doc("pixels, from the header")] = None
    start: Annotated[float | None, _doc("clip start, seconds")] = None
    end: Annotated[float | None, _doc("clip end, seconds")] = None
    caption: Annotated[str, _doc("caption that the release gives")] = ""
    clip: Annotated[str, _doc("frames of one video share this name, in order")] = ""


class Sample(Struct, frozen=True, kw_only=True, gc=False):
    """One instruction-tuning sample, whatever dataset it came from. Columns in the order of the published parquet."""

    images: Annotated[list[Blob | None], _doc("in order of first use, unmentioned last; missing: null")] = []
    messages: Annotated[list[Message], _doc("the dialogue")] = []
    task: Annotated[str, _doc("closed set TASKS")] = "other"
    instruction_type: Annotated[InstructionType, _doc("the survey's own three, or none")] = "none"
    ability: Annotated[str, _doc("SEED-Bench-1 dimension, or none")] = "none"
    language: Annotated[str, _doc("BCP-47")] = "en"
    regions: Annotated[list[Region], _doc("places that messages refer to")] = []
    spans: Annotated[list[Span], _doc("ratings, critiques, labels and overlapping groundings")] = []
    choices: Annotated[list[str], _doc("options of a multiple choice")] = []
    correct: Annotated[Int32, _doc("index into choices; -1 none")] = -1
    answers: Annotated[list[str], _doc("alternative answers of the reply, duplicates kept")] = []
    tools: Annotated[str, _doc("JSON tool schemas, or empty")] = ""
    videos: Annotated[list[Blob | None], _doc("video files")] = []
    audios: Annotated[list[Blob | None], _doc("sound files")] = []
    point_clouds: Annotated[list[Blob | None], _doc(".npy float32 (N, 3 or 6): xyz, rgb in 0..1")] = []
    media: Annotated[list[Media], _doc("one entry per medium of the four columns")] = []
    group: Annotated[str, _doc("native record or picture; splits and intervals never cut it")] = ""
    id: Annotated[str, _doc("native id if unique, else file:row[:k]")] = ""
    dataset: Annotated[str, _doc("registered name")] = ""
    subset: Annotated[str, _doc("datasets config")] = ""
    split: Annotated[str, _doc("split")] = ""
    meta: Annotated[str, _doc("JSON object of native values with no place above, or empty")] = ""


COLUMNS: dict[str, str] = {"image": "images", "video": "videos", "audio": "audios", "point_cloud": "point_clouds"}
"""Media type -> column of its blobs."""
blobs_of: Callable[[Sample], tuple[list[Blob | None], ...]] = attrgetter(*COLUMNS.values())
"""The four columns of blobs of a sample, in the order of COLUMNS."""


class SchemaError(ValueError):
    """A sample that is not in canonical form: ``field`` names the place, the message the remedy."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


# -- JSON --------------------------------------------------------------------------------------------------------------

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Sample).decode


def to_json(sample: Sample) -> bytes:
    """The sample as one JSON object with every column (bytes of media as base64, null where absent)."""
    return _encode(sample)


def from_json(data: bytes | memoryview) -> Sample:
    """Inverse of :func:`to_json`; raises SchemaError for a wrong type or an unknown value."""
    try:
        return _decode(data)
    except msgspec.ValidationError as error:
        raise _named(error) from None


def _named(error: msgspec.ValidationError) -> SchemaError:
    text, _, where = str(error).partition(" - at ")
    field = where.strip("`$.") or "sample"
    leaf = field.rpartition(".")[2]
    by_field = {"role": ROLES, "frame": FRAMES, "modality": MODALITIES, "instruction_type": INSTRUCTION_TYPES}
    vocabulary = by_field.get(leaf)
    if leaf == "kind":
        vocabulary = REGION_KINDS if field.startswith("regions") else SPAN_KINDS
    if leaf == "type":
        vocabulary = MODALITIES if field.startswith("media") else PART_TYPES
    return SchemaError(field, text + (f"; allowed: {', '.join(vocabulary)}" if vocabulary else ""))


def strip_media(sample: Sample) -> Sample:
    """The sample without media bytes and without local paths: what a shard's JSON member holds."""
    if not any(map(any, blobs_of(sample))):
        return sample
    empty = {
        column: [None if blob is None else Blob() for blob in blobs]
        for column in COLUMNS.values()
        if any(blobs := getattr(sample, column))
    }
    return msgspec.structs.replace(sample, **empty) if empty else sample


# -- Arrow -------------------------------------------------------------------------------------------------------------


@cache
def arrow_schema() -> pa.Schema:
    """The Arrow schema of the table, derived from the struct definitions."""
    import pyarrow as pa

    return pa.schema([pa.field(name, _arrow_type(hint)) for name, hint in hints(Sample).items()])


def hints(struct: type[Struct]) -> dict[str, Any]:
    """Field name -> annotation (with its description) of a struct, in column order."""
    return get_type_hints(struct, include_extras=True)


def describe(struct: type[Struct]) -> list[tuple[str, str]]:
    """(field, meaning) rows of a struct, for documentation."""
    return [
        (name, next((m.description for m in get_args(hint)[1:] if isinstance(m, Meta) and m.description), ""))
        for name, hint in hints(struct).items()
        if get_origin(hint) is Annotated
    ]


def bare(hint: Any) -> tuple[Any, bool]:
    """(annotation without Annotated and without None, whether it was Int32)."""
    is_int32 = False
    while True:
        if get_origin(hint) is Annotated:
            is_int32 = is_int32 or hint == Int32
            hint = get_args(hint)[0]
        elif get_origin(hint) in (Union, types.UnionType):
            hint = next(arg for arg in get_args(hint) if arg is not type(None))
        else:
            return hint, is_int32 or hint is int


def _arrow_type(hint: Any) -> pa.DataType:
    import pyarrow as pa

    kind, _ = bare(hint)
    if get_origin(kind) is list:
        return pa.list_(_arrow_type(get_args(kind)[0]))
    if get_origin(kind) is Literal:
        return pa.string()
    if isinstance(kind, type) and issubclass(kind, Struct):
        return pa.struct([pa.field(name, _arrow_type(inner)) for name, inner in hints(kind).items()])
    return {str: pa.string(), bool: pa.bool_(), float: pa.float64(), bytes: pa.binary(), int: pa.int32()}[kind]


def to_arrow(samples: Sequence[Sample]) -> pa.RecordBatch:
    """The samples as one record batch of :func:`arrow_schema`."""
    return encoded_to_arrow([_encode(strip_media(sample)) for sample in samples], list(map(blobs_of, samples)))


def encoded_to_arrow(encoded: Sequence[bytes], blobs: Sequence[tuple[list[Blob | None], ...]]) -> pa.RecordBatch:
    """:func:`to_arrow` of samples of which the JSON without media and the four columns of blobs are at hand."""
    import pyarrow as pa
    import pyarrow.json

    schema = arrow_schema()
    if not encoded:
        return pa.RecordBatch.from_pylist([], schema=schema)
    # Arrow's own JSON parser is ten times faster than Python rows; JSON has no bytes, so media are set afterwards.
    longest = max(map(len, encoded))  # a line that is longer than a block cannot be read
    table = pyarrow.json.read_json(
        pa.BufferReader(b"\n".join(encoded)),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=max(longest + 1, BLOCK)),
        parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
    )
    batch = table.combine_chunks().to_batches()[0]
    for name, columns in zip(COLUMNS.values(), zip(*blobs, strict=True), strict=True):
        if any(map(any, columns)):
            rows = [[blob and {"bytes": blob.bytes, "path": blob.path} for blob in column] for column in columns]
            field = schema.field(name)
            batch = batch.set_column(schema.get_field_index(name), field, pa.array(rows, field.type))
    return batch


def from_row(row: Mapping[str, Any]) -> Sample:
    """A row of Arrow, parquet or ``datasets`` (with ``decode=False`` media) as a Sample; raises SchemaError."""
    try:
        return msgspec.convert(row, Sample)
    except msgspec.ValidationError as error:
        raise _named(error) from None


def from_arrow(table: pa.Table | pa.RecordBatch) -> list[Sample]:
    """Inverse of :func:`to_arrow`."""
    return [from_row(row) for row in table.to_pylist()]


# -- small readers -----------------------------------------------------------------------------------------------------


def text_of(message: Message) -> str:
    """The joined text of a message (media parts contribute nothing)."""
    return "".join(part.text for part in message.content)


def parts(sample: Sample) -> Iterator[Part]:
    """All parts of all messages, in order."""
    for message in sample.messages:
        yield from message.content
