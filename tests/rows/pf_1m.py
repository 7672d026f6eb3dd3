"""pf-1m: one path, two paths with one repeated, none; scores that vary by source; an empty path, an open mark."""

import json

_A, _B = "mscoco_2017/train2017/000000000030.jpg", "flickr30/flickr30k_images/flickr30k_images/7.jpg"


def _record(text: str, **more: object) -> dict:
    return {"input": text, "output": "A polite answer.", "original": "an answer", "rouge_score": 0.25, **more}


FILES = {
    f"resized_images/{_A}": "48x36",
    "PF-1M.json": json.dumps(
        [
            _record(f"Is it red or blue?<img_path>{_A}<img_path>", reward=5.5, nli_similarity=[-5.5, 4.5, -0.5]),
            _record(
                f"Describe the following image in detail<img_path>{_A}<img_path>",
                sts_similarity=0.5,
                filtered_paragraphs=[[16.5, "A dog, too."]],
                paragraph_clip_scores=[23.5],
            ),
            _record(
                f"<img_path>{_A}<img_path>\nthen <img_path>{_B}<img_path>, <img_path>{_A}<img_path>: what changed?"
            ),
            _record("Write a poem."),
            _record(f"Look: <img_path>{_A}"),
            _record("Look: <img_path><img_path>"),
        ]
    ),
}


def _sample(row: int, task: str, content: list[str], refs: list[str], **more: object) -> dict:
    meta = {"original": "an answer", "rouge_score": 0.25, **more}
    return {
        "id": f"PF-1M:{row}",
        "group": refs[0] if refs else f"PF-1M:{row}",
        "task": task,
        "messages": [("user", content), ("assistant", ["A polite answer."])],
        "media": [("image", ref, *((48, 36) if ref == _A else (None, None))) for ref in refs],
        "meta": json.dumps(dict(sorted(meta.items())), separators=(",", ":")),
    }


EXPECTED = {
    "default": {
        "train": [
            _sample(0, "vqa", ["Is it red or blue?", "<image 0>"], [_A], reward=5.5, nli_similarity=[-5.5, 4.5, -0.5]),
            _sample(
                1,
                "description",
                ["Describe the following image in detail", "<image 0>"],
                [_A],
                sts_similarity=0.5,
                filtered_paragraphs=[[16.5, "A dog, too."]],
                paragraph_clip_scores=[23.5],
            ),
            _sample(
                2, "conversation", ["<image 0>", "then ", "<image 1>", ", ", "<image 0>", ": what changed?"], [_A, _B]
            ),
            _sample(3, "conversation", ["Write a poem."], []),
            _sample(4, "conversation", [f"Look: <img_path>{_A}"], []),
        ]
    }
}
BAD = {"default": {"train": [("PF-1M.json", 5, "input")]}}
