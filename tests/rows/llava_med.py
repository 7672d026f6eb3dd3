"""llava-med: with and without domain, a short dialogue that lost its placeholder, an emptied one, the qa50 rows."""

import json

_DOMAIN = {"chest_xray": False, "mri": True, "ct_scan": False, "histology": False, "gross": False}
_INSTRUCT = [
    {
        "id": "1_f1-a",
        "image": "1_f1-a.jpg",
        "domain": _DOMAIN,
        "conversations": [
            {"from": "human", "value": "What organ is this?\n<image>"},
            {"from": "gpt", "value": "The brain."},
            {"from": "human", "value": "Which sequence?"},
            {"from": "gpt", "value": "T2."},
        ],
    },
    {
        "id": "2_f2-b",
        "image": "2_f2-b.jpg",
        "conversations": [{"from": "human", "value": "Any lesion?"}, {"from": "gpt", "value": "Not in this view."}],
    },
    {"id": "3_f3-c", "image": "3_f3-c.jpg", "conversations": []},
]
FILES = {
    "data/images/1_f1-a.jpg": "50x40",
    "data/instruct/llava_med_instruct_10k.json": json.dumps(_INSTRUCT),
    "data/alignment/llava_med_alignment_500k.json": json.dumps(
        [
            {
                "id": "1_f1-a",
                "image": "1_f1-a.jpg",
                "conversations": [
                    {"from": "human", "value": "<image>\nSummarise the figure."},
                    {"from": "gpt", "value": "Axial MRI of the brain."},
                ],
            }
        ]
    ),
    "data/eval/llava_med_eval_qa50_qa.jsonl": json.dumps(
        {
            "question_id": 4,
            "image": "1_f1-a.jpg",
            "text": "What does the arrow mark?",
            "gpt4_answer": "A cyst.",
            "fig_label": "Figure 1",
            "fig_caption": "Axial MRI; the arrow marks a cyst.",
            "in_text_mention": [{"tokens": "See Figure 1 for the cyst."}, "Figure 1 shows it."],
        }
    ),
}

_SAMPLES = [
    {
        "id": "data/instruct/llava_med_instruct_10k:0",
        "group": "1_f1-a.jpg",
        "task": "conversation",
        "messages": [
            ("user", ["What organ is this?", "<image 0>"]),
            ("assistant", ["The brain."]),
            ("user", ["Which sequence?"]),
            ("assistant", ["T2."]),
        ],
        "media": [("image", "1_f1-a.jpg", 50, 40)],
        "meta": json.dumps({"domain": dict(sorted(_DOMAIN.items())), "id": "1_f1-a"}, separators=(",", ":")),
    },
    {
        "id": "data/instruct/llava_med_instruct_10k:1",
        "group": "2_f2-b.jpg",
        "task": "conversation",
        "messages": [("user", ["<image 0>", "Any lesion?"]), ("assistant", ["Not in this view."])],
        "media": [("image", "2_f2-b.jpg", None, None)],
        "meta": '{"id":"2_f2-b"}',
    },
]
EXPECTED = {
    "default": {"train": _SAMPLES},
    "instruct_10k": {"train": _SAMPLES},
    "alignment": {
        "train": [
            {
                "id": "data/alignment/llava_med_alignment_500k:0",
                "group": "1_f1-a.jpg",
                "task": "conversation",
                "messages": [
                    ("user", ["<image 0>", "Summarise the figure."]),
                    ("assistant", ["Axial MRI of the brain."]),
                ],
                "media": [("image", "1_f1-a.jpg", 50, 40)],
                "meta": '{"id":"1_f1-a"}',
            }
        ]
    },
    "qa50": {
        "test": [
            {
                "id": "data/eval/llava_med_eval_qa50_qa:0",
                "group": "1_f1-a.jpg",
                "task": "vqa",
                "messages": [("user", ["<image 0>", "What does the arrow mark?"]), ("assistant", ["A cyst."])],
                "media": [("image", "1_f1-a.jpg", 50, 40, None, None, "Axial MRI; the arrow marks a cyst.")],
                "meta": '{"fig_label":"Figure 1","in_text_mention":[{"tokens":"See Figure 1 for the cyst."},'
                '"Figure 1 shows it."],"question_id":4}',
            }
        ]
    },
}
_EMPTIED = [("data/instruct/llava_med_instruct_10k.json", 2, "conversations")]
BAD = {"default": {"train": _EMPTIED}, "instruct_10k": {"train": _EMPTIED}}
