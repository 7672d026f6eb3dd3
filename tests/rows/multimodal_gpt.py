"""multimodal-gpt: one row of each constituent in its own form and place."""

import json

from vlit_hub.formats.templates import draw


def _llava() -> str:
    turns = [{"from": "human", "value": "What is it?\n<image>"}, {"from": "gpt", "value": "A kite."}]
    return json.dumps([{"id": "9", "image": "000000000009.jpg", "conversations": turns}])


_AOKVQA = {
    "image": "val2014/COCO_val2014_000000000042.jpg",
    "question_id": "q1",
    "question": "Why is it open?",
    "choices": ["rain", "heat"],
    "correct_choice_idx": 1,
    "rationales": ["The sun shines.", "People sweat."],
    "direct_answers": ["heat", "hot"],
}
_BAIZE = {
    "topic": "How do kites fly?",
    "input": "The conversation between human and AI assistant.\n[|Human|] How do kites fly?\n[|AI|] By lift.\n"
    "[|Human|] And land?\n[|AI|] Slowly.\n[|Human|] ",
}
FILES = {
    "data/coco/images/000000000009.jpg": "40x30",
    "data/cc_sbu_align/image/2.jpg": "20x20",
    "data/OCR_VQA/images/1594.jpg": "10x16",
    "data/llava/detail_23k.json": _llava(),
    "data/llava/conversation_58k.json": _llava(),
    "data/aokvqa/annotations/aokvqa_v1p0_train.json": json.dumps([_AOKVQA]),
    "data/cc_sbu_align/filter_cap.json": json.dumps({"annotations": [{"image_id": "2", "caption": "A long text."}]}),
    "data/coco/annotations/coco_karpathy_train_converted.json": json.dumps(
        [{"image": "000000000009.jpg", "caption": ["A kite flies.", "A red kite."], "image_id": "coco_9"}]
    ),
    "data/OCR_VQA/downloaded_dataset.json": json.dumps(
        [{"filename": "1594.jpg", "questions": ["Who wrote it?", "What year?"], "answers": ["A. Nobody", "1999"]}]
    ),
    "data/dolly/databricks-dolly-15k.jsonl": json.dumps(
        {"instruction": "Sum up.", "context": "Kites fly.", "response": "They fly.", "category": "summarization"}
    ),
    "data/alpaca_gpt4/alpaca_gpt4_data.json": json.dumps(
        [{"instruction": "Say hi.", "input": "", "output": "Hi <image> tag."}]
    ),
    "data/baize/quora_chat_data.json": json.dumps([_BAIZE, {"topic": "t", "input": "No marks."}]),
}


def _sample(name: str, task: str, ref: str, size: tuple, *turns: list[str], **more: object) -> dict:
    found = {
        "id": f"data/{name}",
        "group": ref or f"data/{name}",
        "task": task,
        "messages": [(("user", "assistant")[i % 2], turn) for i, turn in enumerate(turns)],
        "media": [("image", ref, *size)] if ref else [],
    }
    return found | more


_COCO = ("000000000009.jpg", (40, 30))
_QUESTION = (["What is it?", "<image 0>"], ["A kite."])
_SBU, _CAPTION = "cc_sbu_align/filter_cap", "coco/annotations/coco_karpathy_train_converted"
_LLAVA = [
    _sample("llava/detail_23k:0", "description", *_COCO, *_QUESTION, meta='{"id":"9"}'),
    _sample("llava/conversation_58k:0", "conversation", *_COCO, *_QUESTION, meta='{"id":"9"}'),
]
_PARTS = {
    "llava": [_LLAVA[1], _LLAVA[0]],
    "aokvqa": [
        _sample(
            "aokvqa/annotations/aokvqa_v1p0_train:0",
            "multiple_choice",
            "val2014/COCO_val2014_000000000042.jpg",
            (None, None),
            ["<image 0>", "Why is it open?\nA. rain\nB. heat"],
            ["The answer is heat. Because The sun shines. People sweat."],
            choices=["rain", "heat"],
            correct=1,
            answers=["heat", "hot"],
            meta='{"question_id":"q1"}',
        )
    ],
    "cc_sbu_align": [
        _sample(
            f"{_SBU}:0",
            "description",
            "2.jpg",
            (20, 20),
            ["<image 0>", draw("describe_image", f"data/{_SBU}.json:0")],
            ["A long text."],
        )
    ],
    "coco_caption": [
        _sample(
            f"{_CAPTION}:0",
            "caption",
            *_COCO,
            ["<image 0>", draw("caption_short", f"data/{_CAPTION}.json:0")],
            ["A kite flies."],
            answers=["A kite flies.", "A red kite."],
            meta='{"image_id":"coco_9"}',
        )
    ],
    "ocr_vqa": [
        _sample(f"OCR_VQA/downloaded_dataset:0:{k}", "vqa", "1594.jpg", (10, 16), ["<image 0>", question], [answer])
        for k, (question, answer) in enumerate((("Who wrote it?", "A. Nobody"), ("What year?", "1999")))
    ],
    "dolly": [
        _sample(
            "dolly/databricks-dolly-15k:0",
            "instruction_following",
            "",
            (),
            ["Sum up.\nKites fly."],
            ["They fly."],
            meta='{"category":"summarization"}',
        )
    ],
    "alpaca_gpt4": [
        _sample("alpaca_gpt4/alpaca_gpt4_data:0", "instruction_following", "", (), ["Say hi."], ["Hi <image> tag."])
    ],
    "baize": [
        _sample("baize/quora_chat_data:0", "conversation", "", (), meta='{"topic":"How do kites fly?"}')
        | {
            "messages": [
                ("system", ["The conversation between human and AI assistant."]),
                ("user", ["How do kites fly?"]),
                ("assistant", ["By lift."]),
                ("user", ["And land?"]),
                ("assistant", ["Slowly."]),
            ]
        }
    ],
}
EXPECTED = {
    "default": {"train": [sample for part in _PARTS.values() for sample in part]},
    **{name: {"train": part} for name, part in _PARTS.items()},
}
_UNMARKED = [("data/baize/quora_chat_data.json", 1, "input")]
BAD = {"default": {"train": _UNMARKED}, "baize": {"train": _UNMARKED}}
