"""internlm-xcomposer: forms 1.0, 2.0 and 2.5 with their roles and placeholders; text alone; a mention too many."""

import json


def _turns(user: str, assistant: str, *texts: str) -> list[dict]:
    return [{"from": (user, assistant)[i % 2], "value": text} for i, text in enumerate(texts)]


_TWO = ["data/images/a.jpg", "data/images/b.jpg"]
FILES = {
    "data/images/a.jpg": "30x20",
    "data/images/b.jpg": "20x10",
    "mix_example.json": json.dumps(
        [
            {"id": 0, "conversations": _turns("human", "bot", "What is a fjord?", "An inlet of the sea.")},
            {"id": "1", "image": _TWO[0], "conversations": _turns("human", "bot", "Tell a story.", "Once ...")},
            {
                "id": 2,
                "image": _TWO,
                "conversations": _turns(
                    "human",
                    "bot",
                    "Image1 <ImageHere>; Image2 <ImageHere>; which is older?",
                    "Image2.",
                    "Why?",
                    "Rust.",
                ),
            },
            {
                "id": "3",
                "image": _TWO[:1],
                "conversations": _turns("user", "assistant", "<ImageHere>What colour?", "Red."),
            },
            {"id": 4, "image": _TWO, "conversations": _turns("human", "bot", "<ImageHere>" * 3, "Too many.")},
        ]
    ),
    "xc1/data.json": json.dumps(
        [{"image": "/authors/disk/coco/a.jpg", "conversations": _turns("human", "gpt", "Where?\n<image>", "Here.")}]
    ),
}


def _sample(name: str, refs: list[str], meta: str, *turns: list) -> dict:
    found: dict = {
        "id": name,
        "group": refs[0] if refs else name,
        "task": "conversation",
        "messages": [(("user", "assistant")[i % 2], turn) for i, turn in enumerate(turns)],
        "media": [("image", ref, *((30, 20) if ref.endswith("a.jpg") else (20, 10))) for ref in refs],
    }
    return found | ({"meta": meta} if meta else {})


EXPECTED = {
    "default": {
        "train": [
            _sample("mix_example:0", [], '{"id":0}', ["What is a fjord?"], ["An inlet of the sea."]),
            _sample("mix_example:1", _TWO[:1], '{"id":"1"}', ["<image 0>", "Tell a story."], ["Once ..."]),
            _sample(
                "mix_example:2",
                _TWO,
                '{"id":2}',
                ["Image1 ", "<image 0>", "; Image2 ", "<image 1>", "; which is older?"],
                ["Image2."],
                ["Why?"],
                ["Rust."],
            ),
            _sample("mix_example:3", _TWO[:1], '{"id":"3"}', ["<image 0>", "What colour?"], ["Red."]),
        ]
    },
    "xc1": {"train": [_sample("xc1/data:0", ["/authors/disk/coco/a.jpg"], "", ["Where?", "<image 0>"], ["Here."])]},
}
BAD = {"default": {"train": [("mix_example.json", 4, "conversations")]}}
