"""ophglm: a role prompt alone, an earlier turn, no history at all, an input, a reply that ends in a newline."""

import json

_ROLE = ["你是眼科助手。", "好的。"]
_EARLIER = ["什么是青光眼？", "一种眼病。"]


def _record(instruction: str, output: str, **more: object) -> dict:
    return {"instruction": instruction, "input": "", "output": output, **more}


FILES = {
    "data/data_samples.json": json.dumps(
        [
            _record(_EARLIER[0], f"{_EARLIER[1]}\n", history=[_ROLE]),
            _record("能治好吗？", "可以控制。", history=[_ROLE, _EARLIER]),
            _record("近视怎么办？", "配眼镜。", history=[]) | {"input": "我十岁。"},
            _record("你好", "您好！"),
            _record("坏", "坏", history=[["只有问题"]]),
        ],
        ensure_ascii=False,
    )
}


def _sample(row: int, group: str, *messages: tuple[str, list[str]]) -> dict:
    name = f"data/data_samples:{row}"
    return {
        "id": name,
        "group": group or name,
        "task": "conversation",
        "language": "zh",
        "messages": list(messages),
        "media": [],
    }


_OPENING = (("user", [_ROLE[0]]), ("ASSISTANT", [_ROLE[1]]))
EXPECTED = {
    "default": {
        "train": [
            _sample(0, _EARLIER[0], *_OPENING, ("user", [_EARLIER[0]]), ("assistant", [_EARLIER[1]])),
            _sample(
                1,
                _EARLIER[0],
                *_OPENING,
                ("user", [_EARLIER[0]]),
                ("ASSISTANT", [_EARLIER[1]]),
                ("user", ["能治好吗？"]),
                ("assistant", ["可以控制。"]),
            ),
            _sample(2, "近视怎么办？\n我十岁。", ("user", ["近视怎么办？\n我十岁。"]), ("assistant", ["配眼镜。"])),
            _sample(3, "", ("user", ["你好"]), ("assistant", ["您好！"])),
        ]
    }
}
BAD = {"default": {"train": [("data/data_samples.json", 4, "history[0]")]}}
