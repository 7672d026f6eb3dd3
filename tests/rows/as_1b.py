"""as-1b: the three box conventions, relations, a broken tag, no question, no picture, an empty dialogue."""

import json

from vlit_hub.formats.templates import draw

_VQA = {
    "image": "sa_000000/sa_1.jpg",
    "width": 200,
    "height": 100,
    "bbox": [20, 10, 100, 60],
    "question": "What is it made of?",
    "answer": "Wood.",
}
_CAPTION = {key: _VQA[key] for key in ("image", "width", "height", "bbox")} | {"caption": "a wooden chair"}
_PLAIN = {"image": "sa_000000/sa_2.jpg", "bbox": [1, 2, 3, 4], "question": "What?", "answer": "A cup."}


def _dialogue(*turns: str, **more: object) -> dict:
    conversations = [{"from": ("human", "gpt")[i % 2], "value": turn} for i, turn in enumerate(turns)]
    return {"id": 5, "image": "sam/sa_000000/sa_1.jpg", "conversations": conversations} | more


_TAGS = (
    "The <ref>man</ref><box>[[0, 250, 499, 749]]</box> is <pred>holding</pred><box>[[0, 250, 499, 749]]</box>"
    "<box>[[100, 300, 200, 400]]</box> two <ref>cups</pred><box>[[100, 300, 200, 400]]</box><box>[]</box>."
)
FILES = {
    "SA-1B/sa_000000/sa_1.jpg": "200x100",
    "sam/sa_000000/sa_1.jpg": "200x100",
    "region_vqa_1m.jsonl": "".join(json.dumps(row) + "\n" for row in (_VQA, _VQA | {"bbox": [20, 10, 100]})),
    "region_caption_400k.jsonl": json.dumps(_CAPTION) + "\n",
    "jsonl_format/sa_000000.jsonl": json.dumps(_PLAIN) + "\n",
    "as_pretrain_10m.json": json.dumps(
        [
            _dialogue("<image>\nWho holds what?", _TAGS),
            _dialogue("Hello", "Hi.", image=None),
            _dialogue(),
        ]
    ),
}

_REGION = ("box", "norm", [0.1, 0.1, 0.5, 0.6])
_MEDIA = [("image", "sa_000000/sa_1.jpg", 200, 100)]
_DRAWN = draw("describe_region", "region_caption_400k.jsonl:0").partition("{phrase}")


def _boxes(*boxes: list) -> list:
    return [("box", "norm", box) for box in boxes]


# The padded square of 200 x 100: the picture lies between y 0.25 and 0.75.
_MAN, _CUP = [0.0005, 0.001, 0.4995, 0.999], [0.1005, 0.101, 0.2005, 0.301]

EXPECTED = {
    "default": {
        "train": [
            {
                "id": "region_vqa_1m:0",
                "group": "sa_000000/sa_1.jpg",
                "task": "vqa",
                "messages": [("user", ["<image 0>", ("", [0]), "\nWhat is it made of?"]), ("assistant", ["Wood."])],
                "media": _MEDIA,
                "regions": [_REGION],
            },
            {
                "id": "region_caption_400k:0",
                "group": "sa_000000/sa_1.jpg",
                "task": "region_description",
                "messages": [
                    ("user", ["<image 0>", *filter(None, (_DRAWN[0], ("", [0]), _DRAWN[2]))]),
                    ("assistant", ["a wooden chair"]),
                ],
                "media": _MEDIA,
                "regions": [_REGION],
            },
        ]
    },
    "as-100m": {
        "train": [
            {
                "id": "jsonl_format/sa_000000:0",
                "group": "sa_000000/sa_2.jpg",
                "task": "vqa",
                "messages": [("user", ["<image 0>", ("", [0]), "\nWhat?"]), ("assistant", ["A cup."])],
                "media": [("image", "sa_000000/sa_2.jpg", None, None)],
                "regions": [("box", "pixel", [1.0, 2.0, 3.0, 4.0])],
            }
        ]
    },
    "as-10m": {
        "train": [
            {
                "id": "as_pretrain_10m:0",
                "group": "sam/sa_000000/sa_1.jpg",
                "task": "grounded_conversation",
                "messages": [
                    ("user", ["<image 0>", "Who holds what?"]),
                    (
                        "assistant",
                        [
                            "The ", ("man", [0]), " is ", ("holding", [1, 2]), " two <ref>cups</pred>", ("", [3]),
                            "<box>[]</box>.",
                        ],
                    ),
                ],
                "media": [("image", "sam/sa_000000/sa_1.jpg", 200, 100)],
                "regions": _boxes(_MAN, _MAN, _CUP, _CUP),
                "meta": '{"id":5}',
            },
            {
                "id": "as_pretrain_10m:1",
                "group": "as_pretrain_10m:1",
                "task": "instruction_following",
                "messages": [("user", ["Hello"]), ("assistant", ["Hi."])],
                "media": [],
                "meta": '{"id":5}',
            },
        ]
    },
}  # fmt: skip
BAD = {
    "default": {"train": [("region_vqa_1m.jsonl", 1, "bbox")]},
    "as-10m": {"train": [("as_pretrain_10m.json", 2, "conversations")]},
}
