"""mimic-it: base64 in both alphabets, broken and absent; frames; text only; dangling ids; rows that are none."""

import base64
import io
import json

from PIL import Image


def _png(width: int, height: int) -> str:
    data = io.BytesIO()
    Image.new("RGB", (width, height), (255, 251, 190)).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def _record(instruction: str, answer: str, *related: str, image_ids: object = None) -> dict:
    found = {"instruction": instruction, "answer": answer, "rel_ins_ids": list(related)}
    return found if image_ids is None else found | {"image_ids": image_ids}


_LA = {
    "LACONV_00_INS_000000033471_0": _record("What is it?", "A bus.", image_ids=["LA_00_IMG_000000033471"]),
    "LACONV_00_INS_000000033471_2": _record(
        "Is it moving?",
        "Yes.",
        "LACONV_00_INS_000000033471_0",
        "LACONV_00_INS_000000033471_1",
        "LADD_00_INS_000000000009",
        image_ids=["LA_00_IMG_000000033471"],
    ),
    "LADD_00_INS_000000000009": _record("Describe.", "A cup.", image_ids="LA_00_IMG_000000000009"),
    "LACR_00_INS_1": _record("Hello?", "Hi."),
    "LACR_00_INS_2": {"instruction": "No answer?", "image_ids": []},
    "LACR_00_INS_3": _record("?", "!", image_ids=[7]),
    "LACR_00_INS_4": "text",
}
_DC = {"DC_INS_00001": _record("Who?", "An officer.", image_ids=["DC_IMG_v_N1c3C_0000", "DC_IMG_v_N1c3C_0001"])}
FILES = {
    "LA_instructions.json": json.dumps({"meta": {"version": "0.0.1"}, "data": _LA}),
    "LA.json": json.dumps(
        {
            "LA_00_IMG_000000033471": _png(6, 4).replace("+", "-").replace("/", "_").rstrip("="),
            "LA_00_IMG_000000000009": "/9j/no*picture",
        }
    ),
    "images/DC_IMG_v_N1c3C_0001.jpg": "8x8",
    "DC_instructions.json": json.dumps({"data": _DC}),
    "DC_train.json": json.dumps({"DC_INS_00001": ["DC_INS_00002"]}),
}

_BUS = [("image", "LA_00_IMG_000000033471", 6, 4)]
_EXPECTED_LA = [
    {
        "id": "LACONV_00_INS_000000033471_0",
        "group": "LA_00_IMG_000000033471",
        "task": "conversation",
        "messages": [("user", ["<image 0>", "What is it?"]), ("assistant", ["A bus."])],
        "media": _BUS,
    },
    {
        "id": "LACONV_00_INS_000000033471_2",
        "group": "LA_00_IMG_000000033471",
        "task": "conversation",
        "messages": [("user", ["<image 0>", "Is it moving?"]), ("assistant", ["Yes."])],
        "media": _BUS,
        "meta": '{"rel_ins_ids":["LACONV_00_INS_000000033471_0","LACONV_00_INS_000000033471_1",'
        '"LADD_00_INS_000000000009"]}',
    },
    {
        "id": "LADD_00_INS_000000000009",
        "group": "LA_00_IMG_000000000009",
        "task": "description",
        "messages": [("user", ["<image 0>", "Describe."]), ("assistant", ["A cup."])],
        "media": [("image", "LA_00_IMG_000000000009", None, None)],
    },
    {
        "id": "LACR_00_INS_1",
        "group": "LA_instructions:3",
        "task": "reasoning",
        "messages": [("user", ["Hello?"]), ("assistant", ["Hi."])],
        "media": [],
    },
]
_EXPECTED_DC = {
    "id": "DC_INS_00001",
    "group": "DC_IMG_v_N1c3C",
    "task": "video_qa",
    "messages": [("user", ["<image 0>", "<image 1>", "Who?"]), ("assistant", ["An officer."])],
    "media": [
        ("image", "DC_IMG_v_N1c3C_0000", None, None, None, None, "", "DC_IMG_v_N1c3C"),
        ("image", "DC_IMG_v_N1c3C_0001", 8, 8, None, None, "", "DC_IMG_v_N1c3C"),
    ],
}
EXPECTED = {
    "default": {"train": [*_EXPECTED_LA, _EXPECTED_DC]},
    "LA": {"train": _EXPECTED_LA},
    "DC": {"train": [_EXPECTED_DC]},
}
_BAD = [
    ("LA_instructions.json", 4, "answer"),
    ("LA_instructions.json", 5, "image_ids[0]"),
    ("LA_instructions.json", 6, "record"),
]
BAD = {"default": {"train": _BAD}, "LA": {"train": _BAD}}
