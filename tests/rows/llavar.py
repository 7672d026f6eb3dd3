"""llavar: its own records behind LLaVA's in a merged file, placeholder first and last, queries without answers."""

import json


def _record(ref: str, question: str, *more: str) -> dict:
    turns = [{"from": "gpt" if i % 2 else "human", "value": turn} for i, turn in enumerate((question, *more))]
    return {"id": ref.partition(".")[0], "image": ref, "conversations": turns}


def _sample(name: str, ref: str, question: list[str], *more: str) -> dict:
    turns = [question, *([turn] for turn in more)]
    return {
        "id": name,
        "group": ref,
        "task": "conversation",
        "messages": [("assistant" if i % 2 else "user", turn) for i, turn in enumerate(turns)],
        "media": [("image", ref, *((20, 30) if ref.startswith("1000") else (None, None)))],
        "meta": json.dumps({"id": ref.partition(".")[0]}, separators=(",", ":")),
    }


_LLAVA = ("000000000042.jpg", "Where is the cup?\n<image>", "On the shelf.")
_OWN = ("100000000001.jpg", "<image>\nWho wrote this book?", "Ada Example.", "Which year?", "1999.")
FILES = {
    "finetune/100000000001.jpg": "20x30",
    "llava_instruct_150k_llavar_16k.json": json.dumps([_record(*_LLAVA), _record(*_OWN)]),
    "chat_llavar.json": json.dumps([_record("GCC_train_9.jpg", "Read the text in the image.\n<image>", "SALE today")]),
    "qa50_questions.jsonl": json.dumps(
        {"question_id": 0, "image": "100000000001.jpg", "text": "What is the title?", "category": "llava_bench_ocr"}
    ),
}

_MERGED = "llava_instruct_150k_llavar_16k"
_OWN_SAMPLE = _sample(f"{_MERGED}:1", _OWN[0], ["<image 0>", "Who wrote this book?"], *_OWN[2:])
EXPECTED = {
    "default": {"train": [_OWN_SAMPLE]},
    "merged_16k": {
        "train": [_sample(f"{_MERGED}:0", _LLAVA[0], ["Where is the cup?", "<image 0>"], _LLAVA[2]), _OWN_SAMPLE]
    },
    "pretrain": {
        "train": [
            _sample("chat_llavar:0", "GCC_train_9.jpg", ["Read the text in the image.", "<image 0>"], "SALE today")
        ]
    },
    "qa50": {
        "test": [
            {
                "id": "qa50_questions:0",
                "group": "100000000001.jpg",
                "task": "ocr",
                "messages": [("user", ["<image 0>", "What is the title?"])],
                "media": [("image", "100000000001.jpg", 20, 30)],
                "meta": '{"category":"llava_bench_ocr","question_id":0}',
            }
        ]
    },
}
