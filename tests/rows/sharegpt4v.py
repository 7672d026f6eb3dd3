"""sharegpt4v: captions of several corpora; the mix with text alone, boxes, and a dialogue that the assistant opens."""

import json

_CAPTIONS = "sharegpt4v_instruct_gpt4-vision_cap100k"
_MIX = "sharegpt4v_mix665k_cap23k_coco-ap9k_lcs3k_sam9k_div2k"


def _record(name: object, ref: str, *turns: str, first: str = "human") -> dict:
    roles = ("human", "gpt") if first == "human" else ("gpt", "human")
    record = {"id": name, "image": ref, "conversations": []}
    record["conversations"] = [{"from": roles[i % 2], "value": turn} for i, turn in enumerate(turns)]
    return record if ref else {key: value for key, value in record.items() if key != "image"}


FILES = {
    "data/sam/images/sa_5.jpg": "100x100",
    f"{_CAPTIONS}.json": json.dumps(
        [_record("sa_5", "sam/images/sa_5.jpg", "<image>\nDescribe.", "A harbour at dusk.")]
    ),
    "share-captioner_coco_lcs_sam_1246k_1107.json": json.dumps(
        [_record(3, "web-celebrity/images/No_One.jpg", "Tell me what you see.\n<image>", "A singer on a stage.")]
    ),
    f"{_MIX}.json": json.dumps(
        [
            _record("t1", "", "Write a haiku.", "Rain on the old roof."),
            _record("v1", "sam/images/sa_5.jpg", "<image>\nName the thing at [0.1, 0.2, 0.3, 0.45].", "A buoy."),
            _record("g1", "", "Hello, I am an assistant.", "What is 2 + 2?", "4.", first="gpt"),
            _record("g2", "", "Only I speak.", first="gpt"),
        ]
    ),
}


def _sample(name: str, ref: str, task: str, question: list, answer: str, size: tuple, native: object) -> dict:
    return {
        "id": name,
        "group": ref or name,
        "task": task,
        "messages": [("user", question), ("assistant", [answer])],
        "media": [("image", ref, *size)] if ref else [],
        "meta": json.dumps({"id": native}, separators=(",", ":")),
    }


_SAM = ("sam/images/sa_5.jpg", (100, 100))
EXPECTED = {
    "default": {
        "train": [
            _sample(
                f"{_CAPTIONS}:0",
                _SAM[0],
                "description",
                ["<image 0>", "Describe."],
                "A harbour at dusk.",
                _SAM[1],
                "sa_5",
            )
        ]
    },
    "share_captioner_1246k": {
        "train": [
            _sample(
                "share-captioner_coco_lcs_sam_1246k_1107:0",
                "web-celebrity/images/No_One.jpg",
                "description",
                ["Tell me what you see.", "<image 0>"],
                "A singer on a stage.",
                (None, None),
                3,
            )
        ]
    },
    "mix665k": {
        "train": [
            _sample(f"{_MIX}:0", "", "conversation", ["Write a haiku."], "Rain on the old roof.", (), "t1"),
            _sample(
                f"{_MIX}:1",
                _SAM[0],
                "conversation",
                ["<image 0>", "Name the thing at ", ("", [0]), "."],
                "A buoy.",
                _SAM[1],
                "v1",
            )
            | {"regions": [("box", "norm", [0.1, 0.2, 0.3, 0.45])]},
            _sample(f"{_MIX}:2", "", "conversation", ["What is 2 + 2?"], "4.", (), "g1")
            | {"meta": '{"conversations":[{"from":"assistant","value":"Hello, I am an assistant."}],"id":"g1"}'},
        ]
    },
}
BAD = {"mix665k": {"train": [(f"{_MIX}.json", 3, "conversations")]}}
