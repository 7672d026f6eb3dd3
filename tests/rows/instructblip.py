"""instructblip: a file per constituent, a caption list, numbers out of range, empty text_input, rounds by number."""

import json

from vlit_hub.formats.templates import draw

_CAPTIONS = [
    {"caption": "A woman cutting a cake. ", "image": "val2014/a.jpg", "image_id": "coco_522418"},
    {"caption": ["One.", "Two."], "image": "val2014/a.jpg", "image_id": "coco_2"},
]
_VQA = [
    {"question_id": 1, "question": "What?", "answer": ["a", "b", "b"], "image": "val2014/b.jpg", "dataset": "vqa"},
    {"question_id": 2, "question": "What?", "answer": [], "image": "val2014/b.jpg", "dataset": "vqa"},
]
_AOKVQA = [
    {
        "image": "val2014/b.jpg",
        "question": "Who?",
        "direct_answers": ["cab", "taxi", "cab"],
        "choices": ["bus", "cab"],
        "correct_choice_idx": 1,
        "rationales": ["It waits."],
    },
    {"image": "b.jpg", "question": "Who?", "direct_answers": ["x"], "choices": ["bus"], "correct_choice_idx": 1},
]
_OCR = [
    {"sample_id": "0001", "questions": ["Title?", "Author?"], "answers": ["Fish", "Ann"]},
    {"sample_id": "0002", "questions": ["Title?"], "answers": []},
]
_TEXTCAPS = {"data": [{"image_id": "0a", "caption_str": "A sign.", "reference_strs": ["A sign.", "Stop."]}]}
_ROUNDS = [{"question": 1, "answer": 0, "gt_index": 0, "answer_options": [0, 1]}, {"question": 0, "answer": 1}]
_VISDIAL = {
    "questions": ["is it day", "a dog?"],
    "answers": ["yes", "no"],
    "dialogs": [
        {"image_id": 37, "caption": "a dog", "dialog": _ROUNDS},
        {"image_id": 37, "caption": "a dog", "dialog": [{"question": 2, "answer": 0}]},
    ],
}
_LLAVA = [{"id": "9", "image": "9.jpg", "conversations": [{"from": "human", "value": "<image>\nHi"}] * 1}]
_LLAVA[0]["conversations"].append({"from": "gpt", "value": "A cup."})
_TRIPLES = [
    {"image": "c.jpg", "text_input": "", "text_output": "a cup"},
    {"image": "", "text_input": "Who?", "text_output": "x"},
]
FILES = {
    "coco/images/val2014/a.jpg": "64x48",
    "coco/annotations/coco_karpathy_train.json": json.dumps(_CAPTIONS),
    "coco/annotations/vqa_train.json": json.dumps(_VQA),
    "aokvqa/annotations/aokvqa_v1p0_train.json": json.dumps(_AOKVQA),
    "ocrvqa.json": json.dumps(_OCR),
    "TextCaps_0.1_train.json": json.dumps(_TEXTCAPS),
    "visdial_1.0_train.json": json.dumps({"version": "1.0", "data": _VISDIAL}),
    "llava_instruct_150k.json": json.dumps(_LLAVA),
    "my_triples.json": json.dumps(_TRIPLES),
}


def _sample(name: str, task: str, ref: str, asked: str, said: str, size: tuple = (None, None), **more: object) -> dict:
    return {
        "id": name,
        "group": ref,
        "task": task,
        "messages": [("user", ["<image 0>", asked]), ("assistant", [said])],
        "media": [("image", ref, *size)],
    } | more


def _caption(file: str, row: int) -> str:
    return draw("caption_short", f"{file}:{row}")


_COCO = "coco/annotations/coco_karpathy_train"
_PARTS = {
    "coco_caption": [
        _sample(
            f"{_COCO}:0", "caption", "val2014/a.jpg", _caption(f"{_COCO}.json", 0), "A woman cutting a cake. ", (64, 48)
        )
        | {"meta": '{"image_id":"coco_522418"}'},
        _sample(f"{_COCO}:1", "caption", "val2014/a.jpg", _caption(f"{_COCO}.json", 1), "One.", (64, 48))
        | {"answers": ["One.", "Two."], "meta": '{"image_id":"coco_2"}'},
    ],
    "vqav2": [
        _sample("coco/annotations/vqa_train:0", "vqa", "val2014/b.jpg", "What?", "b")
        | {"answers": ["a", "b", "b"], "meta": '{"dataset":"vqa","question_id":1}'}
    ],
    "aokvqa": [
        _sample("aokvqa/annotations/aokvqa_v1p0_train:0", "multiple_choice", "val2014/b.jpg", "", "cab")
        | {
            "messages": [("user", ["<image 0>", "Who?\nA. bus\nB. cab"]), ("assistant", ["cab"])],
            "choices": ["bus", "cab"],
            "correct": 1,
            "answers": ["cab", "taxi", "cab"],
            "meta": '{"rationales":["It waits."]}',
        }
    ],
    "ocrvqa": [
        _sample("ocrvqa:0:0", "vqa", "0001.jpg", "Title?", "Fish"),
        _sample("ocrvqa:0:1", "vqa", "0001.jpg", "Author?", "Ann"),
    ],
    "textcaps": [
        _sample("TextCaps_0.1_train:0", "caption", "0a.jpg", _caption("TextCaps_0.1_train.json", 0), "A sign.")
        | {"answers": ["A sign.", "Stop."]}
    ],
    "visdial": [
        {
            "id": "visdial_1.0_train:0",
            "group": "VisualDialog_train2018/VisualDialog_train2018_000000000037.jpg",
            "task": "visual_dialog",
            "messages": [
                ("user", ["<image 0>", "a dog?"]),
                ("assistant", ["yes"]),
                ("user", ["is it day"]),
                ("assistant", ["no"]),
            ],
            "media": [
                ("image", "VisualDialog_train2018/VisualDialog_train2018_000000000037.jpg", *([None] * 4), "a dog")
            ],
            "meta": '{"dialog":[{"answer_options":[0,1],"gt_index":0},{}]}',
        }
    ],
    "llava": [_sample("llava_instruct_150k:0", "conversation", "9.jpg", "Hi", "A cup.", meta='{"id":"9"}')],
    "triples": [_sample("my_triples:0", "other", "c.jpg", _caption("my_triples.json", 0), "a cup")],
}
EXPECTED = {"default": {"train": [sample for part in _PARTS.values() for sample in part]}}
EXPECTED |= {part: {"train": samples} for part, samples in _PARTS.items()}
_BAD = {
    "vqav2": ("coco/annotations/vqa_train.json", 1, "answer"),
    "aokvqa": ("aokvqa/annotations/aokvqa_v1p0_train.json", 1, "correct_choice_idx"),
    "ocrvqa": ("ocrvqa.json", 1, "answers"),
    "visdial": ("visdial_1.0_train.json", 1, "dialog[0].question"),
    "triples": ("my_triples.json", 1, "image"),
}
BAD = {"default": {"train": list(_BAD.values())}} | {part: {"train": [bad]} for part, bad in _BAD.items()}
