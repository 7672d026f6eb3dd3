"""minigpt-v2: its own four forms, roles that lie, malformed boxes, constraints, each constituent once, a pickle."""

import json

from vlit_hub.formats.templates import draw

_BOX = "{<10><20><50><80>}"


def _turns(*pairs: tuple[str, str]) -> list:
    return [{"from": name, "value": text} for name, text in pairs]


_CONVERSATION = "multitask_conversation/multitask_conversation.json"
FILES = {
    "train2014/COCO_train2014_000000000009.jpg": "40x20",
    _CONVERSATION: json.dumps(
        [
            {
                "id": "000000000009",
                "conversations": _turns(
                    ("human", "[refer] where is the cup?"),
                    ("gpt", f"<p>the cup</p> {_BOX}<delim>{{<0><0><100><100>}}"),
                    ("gpt", f"[identify] what is {_BOX}"),
                    ("human", "a cup at {<10><20><50>}"),
                ),
            },
            {"id": "000000000010", "conversations": []},
        ]
    ),
    "filtered_flickr/groundedcaption.json": json.dumps(
        [{"image_id": 36979, "grounded_caption": f"<p>Two men</p> {_BOX} talk."}]
    ),
    "filtered_flickr/captiontobbox.json": json.dumps(
        [{"image_id": "36979", "caption": "Two men talk.", "output": f"<p>Two men</p> {_BOX} talk."}]
    ),
    "filtered_flickr/phrasetobbox.json": json.dumps([{"image_id": "36979", "phrase": "Two men", "bbox": _BOX}]),
    "unnatural_instructions/filtered_unnatural_instruction.json": json.dumps(
        [
            {
                "instances": [
                    {"instruction_with_input": "Sort: b a", "constraints": "One line.", "output": "a b"},
                    {},
                ]
            }
        ]
    ),
    "coco_karpathy_train.json": json.dumps([{"image": "a.jpg", "caption": "A cup.", "image_id": "coco_1"}]),
    "vqa_train.json": json.dumps(
        [{"image": "a.jpg", "question": "What?", "question_id": 1, "answer": ["cup", "cup", "mug"], "dataset": "vqa"}]
    ),
    "TextCaps_0.1_train.json": json.dumps({"data": [{"image_id": "0a", "caption_str": "A sign."}]}),
    "ocrvqa/dataset.json": json.dumps(
        {
            "B01": {"split": 1, "imageURL": "u.jpg", "questions": ["Title?"], "answers": ["Go"], "title": "Go"},
            "B02": {"split": 2, "imageURL": "v.jpg", "questions": ["Title?"], "answers": ["No"], "title": "No"},
        }
    ),
    "visual_genome/region_descriptions.json": json.dumps(
        [{"id": 1, "regions": [{"region_id": 3, "x": 1, "y": 2, "width": 3, "height": 4, "phrase": "a cup"}]}]
    ),
    "refcoco/refs(unc).p": "cos\nsystem\n(S'true'\ntR.",
    "eval_data/refcoco_testB.json": json.dumps(
        [
            {
                "img_id": "COCO_train2014_000000000009_3",
                "sents": "lower left",
                "bbox": [4, 4, 16, 12],
                "height": 20,
                "width": 40,
            }
        ]
    ),
}

_REGION = ("box", "norm", [0.105, 0.205, 0.505, 0.805])
_COCO = ("image", "COCO_train2014_000000000009.jpg", 40, 20)


def _asked(name: str, file: str) -> str:
    return draw(name, f"{file}:0")


def _one(file: str, ref: str, task: str, asked: object, said: object, **more: object) -> dict:
    return {
        "id": f"{file}:0",
        "group": ref,
        "task": task,
        "messages": [
            ("user", ["<image 0>", *(asked if isinstance(asked, list) else [asked])]),
            ("assistant", said if isinstance(said, list) else [said]),
        ],
        "media": [("image", ref, None, None)],
    } | more


_FLICKR = "filtered_flickr/"
_GROUNDED = [("Two men", [0]), " talk."]
_OWN = [
    {
        "id": "multitask_conversation/multitask_conversation:0",
        "group": "COCO_train2014_000000000009.jpg",
        "task": "grounded_conversation",
        "messages": [
            ("user", ["<image 0>", "[refer] where is the cup?"]),
            ("assistant", [("the cup", [0, 1])]),
            ("user", ["[identify] what is ", ("", [2])]),
            ("assistant", ["a cup at {<10><20><50>}"]),
        ],
        "media": [_COCO],
        "regions": [_REGION, ("box", "norm", [0.005, 0.005, 1.0, 1.0]), _REGION],
        "meta": '{"from":["human","gpt","gpt","human"]}',
    },
    _one(
        f"{_FLICKR}groundedcaption",
        "36979.jpg",
        "grounded_caption",
        _asked("caption_grounded", f"{_FLICKR}groundedcaption.json"),
        _GROUNDED,
        regions=[_REGION],
    ),
    _one(
        f"{_FLICKR}captiontobbox",
        "36979.jpg",
        "grounded_caption",
        _asked("ground_text", f"{_FLICKR}captiontobbox.json").format(caption="Two men talk."),
        _GROUNDED,
        regions=[_REGION],
    ),
    _one(
        f"{_FLICKR}phrasetobbox",
        "36979.jpg",
        "referring",
        _asked("locate", f"{_FLICKR}phrasetobbox.json").format(phrase="Two men"),
        [("Two men", [0])],
        regions=[_REGION],
    ),
    {
        "id": "unnatural_instructions/filtered_unnatural_instruction:0:0",
        "group": "unnatural_instructions/filtered_unnatural_instruction:0",
        "task": "instruction_following",
        "messages": [("user", ["Sort: b a One line."]), ("assistant", ["a b"])],
        "media": [],
    },
]
_DRAWN = draw("describe_region", "visual_genome/region_descriptions.json:0:0").partition("{phrase}")
_REFER = _one(
    "eval_data/refcoco_testB",
    "COCO_train2014_000000000009.jpg",
    "referring",
    _asked("locate", "eval_data/refcoco_testB.json").format(phrase="lower left"),
    [("", [0])],
    media=[_COCO],
    regions=[("box", "norm", [0.1, 0.2, 0.5, 0.8])],
    meta='{"img_id":"COCO_train2014_000000000009_3"}',
)

EXPECTED = {
    "default": {
        "train": [
            *_OWN,
            _one(
                "coco_karpathy_train",
                "a.jpg",
                "caption",
                _asked("caption_short", "coco_karpathy_train.json"),
                "A cup.",
                meta='{"image_id":"coco_1"}',
            ),
            _one(
                "vqa_train",
                "a.jpg",
                "vqa",
                "What?",
                "cup",
                answers=["cup", "cup", "mug"],
                meta='{"dataset":"vqa","question_id":1}',
            ),
            _one(
                "TextCaps_0.1_train", "0a.jpg", "caption", _asked("caption_short", "TextCaps_0.1_train.json"), "A sign."
            ),
            _one(
                "ocrvqa/dataset",
                "B01.jpg",
                "vqa",
                "Title?",
                "Go",
                meta='{"imageURL":"u.jpg","split":1,"title":"Go"}',
            ),
            _one(
                "visual_genome/region_descriptions",
                "1.jpg",
                "region_description",
                [*filter(None, (_DRAWN[0], ("", [0]), _DRAWN[2]))],
                "a cup",
                regions=[("box", "pixel", [1.0, 2.0, 4.0, 6.0])],
                meta='{"region_id":3}',
            ),
        ]
    },
    "own": {"train": _OWN},
    "refcoco-eval": {"test": [_REFER]},
}
_FAULTS = [
    (_CONVERSATION, 1, "conversations"),
    ("unnatural_instructions/filtered_unnatural_instruction.json", 0, "instances[1].instruction_with_input"),
]
BAD = {
    "default": {"train": [*_FAULTS, ("refcoco/refs(unc).p", 0, "file")]},
    "own": {"train": _FAULTS},
}
