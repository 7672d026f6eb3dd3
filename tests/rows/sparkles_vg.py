"""sparkles-vg: integer ids; only the training view is there, so it is what the default subset reads."""

import json

_ASKED = "Compare IMAGE#61512<Img><ImageHere></Img> with IMAGE#6<Img><ImageHere></Img>."
_PICTURES = [{"image_id": 61512, "caption": "a bus"}, {"image_id": 6, "caption": "a tram"}]
FILES = {
    "images/6.jpg": "64x48",
    "SparklesDialogueVG_turn1_2img.json": json.dumps(
        [
            {
                "uniform_question": _ASKED,
                "instruction": f"###Human: {_ASKED}###Assistant: ",
                "answer": "Both carry people.",
                "tgt_imgs": _PICTURES,
            },
            {"uniform_question": _ASKED, "answer": "Both.", "tgt_imgs": [{"image_id": 6.5, "caption": "a tram"}]},
            {"uniform_question": _ASKED, "tgt_imgs": _PICTURES},
        ]
    ),
}
_SAMPLE = {
    "id": "SparklesDialogueVG_turn1_2img:0",
    "group": "SparklesDialogueVG_turn1_2img:0",
    "task": "comparison",
    "messages": [
        ("user", ["Compare IMAGE#61512", "<image 0>", " with IMAGE#6", "<image 1>", "."]),
        ("assistant", ["Both carry people."]),
    ],
    "media": [
        ("image", "61512.jpg", None, None, None, None, "a bus"),
        ("image", "6.jpg", 64, 48, None, None, "a tram"),
    ],
}
EXPECTED = {"default": {"train": [_SAMPLE]}, "turns": {"train": [_SAMPLE]}}
_FILE = "SparklesDialogueVG_turn1_2img.json"
_REFUSED = [(_FILE, 1, "tgt_imgs[0].image_id"), (_FILE, 2, "answer")]
BAD = {"default": {"train": _REFUSED}, "turns": {"train": _REFUSED}}
