"""i4: options in the context, as a key, as pictures; a table, a repeated picture, a number for a text, bad indices."""

import json


def _file(dataset: str, split: str, *rows: dict) -> str:
    head = {"dataset": dataset, "split": split, "num_sample": len(rows), "task_instruction": ["Look.", " Choose. "]}
    return json.dumps({"metadata": {**head, "question_type": ""}, "data": list(rows)})


def _row(number: int, context: str, images: list, response: object, instruction: int = 0, **more: object) -> dict:
    task = {"context": context, "images_path": images, **more}
    return {"sample_id": number, "task_instruction_id": instruction, "task_instance": task, "response": response}


_NLVR = _row(0, "{image#1}{image#2}Black gloves? Choice List:['True','False']Answer: ", ["0.jpg", "1.jpg"], "False", 1)
_PANEL = _row(
    1,
    "{image#1}Choice List:['Image A: {image#2} ', ' Image B: {image#3} ']Your answer is: ",
    ["0.jpg", "1.jpg", "2.jpg"],
    "Image B",
)
_KEY = _row(2, "How many suits? {image#1}", ["1.jpg"], 4, choice_list=["3", "4"])
_TABLE = _row(0, "{table#1} then {table#2} {image#3} Who?", ["2.png", "2.png", "0.jpg"], "He. ")
_ODD = _row(3, "{image#1} Choice List:['a', 'b']", ["0.jpg"], "c")
FILES = {
    "NLVR2/core/images/0.jpg": "64x48",
    "NLVR2/core/core.json": _file(
        "NLVR2",
        "core",
        _NLVR,
        _PANEL,
        _KEY,
        _ODD,
        _row(4, "{image#1}{image#2}", ["0.jpg"], "x"),
        _row(5, "{image#1}", ["0.jpg"], "x", 2),
        _row(6, "{image#1}", ["0.jpg"], None),
        {"sample_id": 7, "task_instruction_id": 0, "response": "x"},
        _row(8, "{image#1}", "0.jpg", "x"),
    ),
    "ALFRED/core/core.json": _file("ALFRED", "core", _TABLE),
    "ALFRED/full/full.json": json.dumps({"data": [_TABLE], "metadata": {"task_instruction": ["Look."]}}),
    "NLVR2/full/full.json": _file("NLVR2", "full", _TABLE),
}


def _sample(file: str, task: str, asked: list, said: str, *media: tuple, number: int = 0, **more: object) -> dict:
    return {
        "id": file,
        "group": file,
        "task": task,
        "messages": [("user", asked), ("assistant", [said])],
        "media": [("image", *entry) for entry in media],
        **more,
        "meta": f'{{"sample_id":{number}}}',
    }


_A = ("NLVR2/core/images/0.jpg", 64, 48)
_B = ("NLVR2/core/images/1.jpg", None, None)
_C = ("NLVR2/core/images/2.jpg", None, None)
_TABLE_PARTS = ["Look.\n", "<image 0>", " then ", "<image 0>", " ", "<image 1>", " Who?"]


def _table(folder: str, file: str, task: str) -> dict:
    media = [(f"{folder}/images/{name}", None, None) for name in ("2.png", "0.jpg")]
    return _sample(f"{folder}/{file}:0", task, _TABLE_PARTS, "He. ", *media)


EXPECTED = {
    "default": {
        "core": [
            _table("ALFRED/core", "core", "planning"),
            _sample(
                "NLVR2/core/core:0",
                "multiple_choice",
                ["Choose.\n", "<image 0>", "<image 1>", "Black gloves? Choice List:['True','False']Answer: "],
                "False",
                _A,
                _B,
                choices=["True", "False"],
                correct=1,
            ),
            _sample(
                "NLVR2/core/core:1",
                "multiple_choice",
                [
                    "Look.\n", "<image 0>", "Choice List:['Image A: ", "<image 1>", " ', ' Image B: ", "<image 2>",
                    " ']Your answer is: ",
                ],
                "Image B",
                _A,
                _B,
                _C,
                number=1,
                choices=["Image A", "Image B"],
                correct=1,
            ),
            _sample(
                "NLVR2/core/core:2",
                "multiple_choice",
                ["Look.\n", "How many suits? ", "<image 0>", "\nA. 3\nB. 4"],
                "4",
                _B,
                number=2,
                choices=["3", "4"],
                correct=1,
            ),
            _sample(
                "NLVR2/core/core:3",
                "multiple_choice",
                ["Look.\n", "<image 0>", " Choice List:['a', 'b']"],
                "c",
                _A,
                number=3,
                choices=["a", "b"],
            ),
        ],
        "full": [_table("NLVR2/full", "full", "vqa")],
    }
}  # fmt: skip
_FILE = "NLVR2/core/core.json"
BAD = {
    "default": {
        "core": [
            (_FILE, 4, "task_instance.context"),
            (_FILE, 5, "task_instruction_id"),
            (_FILE, 6, "response"),
            (_FILE, 7, "task_instance"),
            (_FILE, 8, "task_instance.images_path"),
        ],
        "full": [("ALFRED/full/full.json", 0, "metadata")],
    }
}
