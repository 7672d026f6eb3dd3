"""A small folder of shards with everything that trips publishing: 0 to 12 pictures, jpg and png mixed, missing
pictures, text only, one sample of every task, regions, in-context turns, other media, two subsets, two splits."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from vlit_hub.canonical import validate
from vlit_hub.schema import TASKS, Blob, Media, Message, Part, Region, Sample, Span
from vlit_hub.shards import ShardWriter

NAME = "llava-instruct-150k"
BUILD = {
    "name": NAME, "subset": "default", "split": "train", "records": 50, "converted": 46, "partial": 1,
    "quarantined": 3, "samples": 49,
    "reasons": {"image: a | in a reason": 2, "conversations[]: empty": 1}, "unread": [], "seconds": 1.5,
}  # fmt: skip
SPLITS = (("default", "train"), ("default", "test_clean"), ("detail_23k", "train"))


def picture(seed: int, kind: str = "JPEG") -> bytes:
    """A noisy picture of its own size, small."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 255, (10 + seed % 7, 12 + seed % 5, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def sample(number: int, pictures: int = 1, missing: tuple[int, ...] = (), **fields: object) -> Sample:
    """A sample with ``pictures`` pictures, jpg and png in turn, those at ``missing`` absent."""
    blobs = [
        None if i in missing else Blob(bytes=picture(number * 13 + i, "PNG" if (number + i) % 2 else "JPEG"))
        for i in range(pictures)
    ]
    media = []
    for i, blob in enumerate(blobs):
        size = Image.open(io.BytesIO(blob.bytes)).size if blob else (None, None)
        media.append(Media(type="image", index=i, ref=f"{number:04d}_{i}.jpg", width=size[0], height=size[1]))
    content = [Part(type="image", index=i) for i in range(pictures)] + [Part(text=f"Question {number}?" * (number % 4))]
    defaults = {
        "images": blobs,
        "messages": [
            Message("user", content),
            Message("assistant", [Part(text=f"Réponse {number} 图" + "!" * number)]),
        ],
        "media": media,
        "group": f"g{number // 2}",
        "id": f"id:{number}",
        "meta": json.dumps({"k": number}),
    }
    return Sample(**{**defaults, **fields})


def boxed(number: int, frame: str = "norm") -> Sample:
    """A grounded answer."""
    regions = [Region(box=[0.25, 0.25, 0.5, 1.0], label="cat", frame=frame), Region(kind="point", points=[[0.5, 0.5]])]
    answer = [Part(text="It is "), Part(type="region", text="the cat", regions=[0]), Part(text=".")]
    question = [Part(type="image", index=0), Part(text="Where?")]
    messages = [Message("user", question), Message("assistant", answer)]
    spans = [Span(message=1, kind="rating", value="4")]
    return sample(number, messages=messages, regions=regions, spans=spans, task="grounded_conversation")


def in_context(number: int) -> Sample:
    """An example before the question: prompt and completion in plain chat."""
    turns = [("user", True), ("assistant", False), ("user", True), ("assistant", True)]
    messages = [Message(role, [Part(text=f"{role} {i}")], train=train) for i, (role, train) in enumerate(turns)]
    messages[0] = Message("user", [Part(type="image", index=0), *messages[0].content])
    return sample(number, messages=messages, task="in_context", tools=json.dumps([{"name": "zoom"}]))


def tool_call(number: int) -> Sample:
    """A call, its result, a repeated picture."""
    messages = [
        Message("user", [Part(type="image", index=0), Part(text="Zoom.")]),
        Message("assistant", [Part(text="")], tool_calls=json.dumps([{"name": "zoom", "arguments": {"x": 1}}])),
        Message("tool", [Part(text='{"ok": true}')]),
        Message("assistant", [Part(type="image", index=0), Part(text="Done.")]),
    ]
    return sample(number, messages=messages, task="tool_use", tools=json.dumps([{"name": "zoom"}]))


def cloud(number: int) -> Sample:
    """A point cloud, a video and a missing sound, beside a picture."""
    array = io.BytesIO()
    np.save(array, np.arange(12, dtype=np.float32).reshape(4, 3))
    media = [
        Media(type="image", index=0, width=12, height=10), Media(type="point_cloud", index=0, ref="a.npy"),
        Media(type="video", index=0, ref="v.mp4"), Media(type="audio", index=0, ref="s.wav"),
    ]  # fmt: skip
    content = [Part(type="point_cloud", index=0), Part(text="What?")]
    return sample(
        number,
        media=media,
        messages=[Message("user", content), Message("assistant", [Part(text="A cube.")])],
        task="point_cloud_qa",
        point_clouds=[Blob(bytes=array.getvalue())],
        videos=[Blob(bytes=b"\x00\x00\x00\x18ftypmp42 a video")],
        audios=[None],
    )


def everything() -> list[Sample]:
    """The default training split."""
    found = [sample(i, pictures=i) for i in range(13)]
    found += [sample(13, 3, missing=(1,)), sample(14, 1, missing=(0,)), sample(15, 12, missing=(0, 11))]
    found += [boxed(16), in_context(17), tool_call(18), cloud(19)]
    found += [sample(20 + i, task=task) for i, task in enumerate(TASKS)]
    found += [sample(60, instruction_type="negative", ability="instance_counting", language="zh-Hans")]
    found += [sample(61, 0, messages=[Message("user", [Part(text="No answer here")])])]
    return found


def write(folder: Path, name: str = NAME) -> dict[tuple[str, str], list[Sample]]:
    """The folder with its three splits; (subset, split) -> samples."""
    content = {
        ("default", "train"): everything(),
        ("default", "test_clean"): [sample(70), sample(71, 0)],
        ("detail_23k", "train"): [sample(80, 2), sample(81, 1, missing=(0,))],
    }
    for (subset, split), samples in content.items():
        named = [_named(item, name, subset, split) for item in samples]
        with ShardWriter(folder, name, subset, split, max_samples=25) as writer:
            for item in named:
                validate(item)
                writer.write(item)
        content[subset, split] = named
    (folder / "build.json").write_text(json.dumps([{**BUILD, "name": name}]))
    return content


def _named(item: Sample, name: str, subset: str, split: str) -> Sample:
    import msgspec

    return msgspec.structs.replace(item, dataset=name, subset=subset, split=split)
