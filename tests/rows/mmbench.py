"""mmbench: pictures in the table or another row, hints, two options, no answer; an answer beyond the options."""

import base64
import io

from PIL import Image

_FILE = io.BytesIO()
Image.new("RGB", (20, 10), (200, 40, 40)).save(_FILE, "PNG")
_PICTURE = base64.b64encode(_FILE.getvalue()).decode()
_HEAD = "index\tquestion\thint\tA\tB\tC\tD\tanswer\tcategory\timage\tsource\tl2-category\tcomment\tsplit\n"


def _row(index: int, hint: str, options: list[str], answer: str, picture: str) -> str:
    cells = [str(index), "Which?", hint, *options, *["nan"] * (4 - len(options)), answer, "color", picture]
    return "\t".join([*cells, "src", "fine", "nan", "dev"]) + "\n"


FILES = {
    "mmbench_dev_20230712.tsv": _HEAD
    + _row(241, "Look.", ["red", "blue", "green", "none"], "A", _PICTURE)
    + _row(242, "nan", ["red", "blue"], "B", "241")
    + _row(243, "", ["red", "blue"], "C", "241"),
    "MMBench_TEST_CN.tsv": _HEAD + _row(1, "", ["红", "蓝"], "", _PICTURE),
}
_META = '{"category":"color","comment":"nan","l2-category":"fine","source":"src","split":"dev"}'
_COMMON = {"task": "multiple_choice", "media": [("image", "", 20, 10)], "meta": _META}


def _asked(text: str, *said: str) -> list:
    return [("user", ["<image 0>", text]), *([("assistant", list(said))] if said else [])]


EXPECTED = {
    "default": {
        "dev": [
            _COMMON
            | {
                "id": "241",
                "group": "241",
                "messages": _asked("Look.\nWhich?\nA. red\nB. blue\nC. green\nD. none", "A"),
                "choices": ["red", "blue", "green", "none"],
                "correct": 0,
            },
            _COMMON
            | {
                "id": "242",
                "group": "241",
                "messages": _asked("Which?\nA. red\nB. blue", "B"),
                "choices": ["red", "blue"],
                "correct": 1,
            },
        ]
    },
    "cn": {
        "test": [
            _COMMON
            | {
                "id": "1",
                "group": "1",
                "messages": _asked("Which?\nA. 红\nB. 蓝"),
                "choices": ["红", "蓝"],
                "language": "zh",
            }
        ]
    },
}
BAD = {"default": {"dev": [("mmbench_dev_20230712.tsv", 2, "answer")]}}
