"""stablellava: placeholder first and last, an id that repeats in another file, pictures made and not made."""

import json


def _record(kind: str, question: str) -> dict:
    return {
        "id": "0",
        "image": f"{kind}/0.jpg",
        "prompt": f"(({kind})), outdoors, realistic",
        "question": question,
        "answer": f"It shows {kind}.",
    }


FILES = {
    "images/animal/0.jpg": "32x32",
    "dataset/action.json": json.dumps([_record("action", "<image>\nWhat is going on?")]),
    "dataset/animal.json": json.dumps([_record("animal", "Describe it briefly.\n<image>")]),
}


def _sample(kind: str, question: list[str], size: tuple) -> dict:
    return {
        "id": f"dataset/{kind}:0",
        "group": f"{kind}/0.jpg",
        "task": "conversation",
        "messages": [("user", question), ("assistant", [f"It shows {kind}."])],
        "media": [("image", f"{kind}/0.jpg", *size, None, None, f"(({kind})), outdoors, realistic")],
        "meta": '{"id":"0"}',
    }


EXPECTED = {
    "default": {
        "train": [
            _sample("action", ["<image 0>", "What is going on?"], (None, None)),
            _sample("animal", ["Describe it briefly.", "<image 0>"], (32, 32)),
        ]
    }
}
