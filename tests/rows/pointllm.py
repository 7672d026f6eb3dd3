"""pointllm: the mark leading and missing, types of conversation, a corrupted object, an unknown type."""

import json

_OBJECT = "0123456789abcdef0123456789abcdef"


def _record(asked: str, said: str, name: str = _OBJECT, **keys: object) -> dict:
    return {
        "object_id": name,
        **keys,
        "conversations": [{"from": "human", "value": asked}, {"from": "gpt", "value": said}],
    }


_BRIEF = [_record("<point>\nWhat is it?", "A red chair."), _record("Hello", "Hi", "f" * 32)]
_COMPLEX = [
    _record("<point>\nWhat is it?", "A red chair with four legs.", conversation_type="detailed_description"),
    _record("<point>\nIts colour?", "Red.", conversation_type="single_round"),
    _record("Which colour has <point>\n?", "Red.", conversation_type="multi_round"),
    _record("<point>\nWhat?", "Black.", "6760e543e1d645d5aaacd3803bcae524", conversation_type="single_round"),
    _record("<point>\nWhat?", "A chair.", conversation_type="chatter"),
    _record("<point> <point>", "A chair.", conversation_type="single_round"),
]
FILES = {
    f"8192_npy/{_OBJECT}_8192.npy": "7x6",
    f"8192_npy/{'f' * 32}_8192.npy": "7x4",
    "PointLLM_brief_description_660K_filtered.json": json.dumps(_BRIEF),
    "PointLLM_brief_description_660K.json": json.dumps(_BRIEF * 2),
    "PointLLM_complex_instruction_70K.json": json.dumps(_COMPLEX),
    "PointLLM_brief_description_val_200_GT.json": json.dumps(_BRIEF[:1]),
}


def _sample(file: str, row: int, task: str, asked: list, said: str, name: str = _OBJECT) -> dict:
    ref = f"{name}_8192.npy"
    return {
        "id": f"PointLLM_{file}:{row}",
        "group": ref,
        "task": task,
        "messages": [("user", asked), ("assistant", [said])],
        "media": [("point_cloud", ref, None, None)],
    }


_HARD, _BRIEF_FILE = "complex_instruction_70K", "brief_description_660K_filtered"
_CLOUD = "<point_cloud 0>"
_FIRST = [_CLOUD, "What is it?"]
_BRIEF_SAMPLES = [
    _sample(_BRIEF_FILE, 0, "point_cloud_caption", _FIRST, "A red chair."),
    _sample(_BRIEF_FILE, 1, "point_cloud_caption", ["Hello"], "Hi", "f" * 32),
]
_HARD_SAMPLES = [
    _sample(_HARD, 0, "description", _FIRST, "A red chair with four legs."),
    _sample(_HARD, 1, "point_cloud_qa", [_CLOUD, "Its colour?"], "Red."),
    _sample(_HARD, 2, "conversation", ["Which colour has ", _CLOUD, "?"], "Red."),
]
_VAL = _sample("brief_description_val_200_GT", 0, "point_cloud_caption", _FIRST, "A red chair.")
_REFUSED = [
    (f"PointLLM_{_HARD}.json", row, field)
    for row, field in ((3, "object_id"), (4, "conversation_type"), (5, "conversations"))
]

EXPECTED = {
    "default": {"train": _BRIEF_SAMPLES + _HARD_SAMPLES, "val": [_VAL]},
    "brief_description": {"train": _BRIEF_SAMPLES},
    "complex_instruction": {"train": _HARD_SAMPLES},
}
BAD = {"default": {"train": _REFUSED}, "complex_instruction": {"train": _REFUSED}}
