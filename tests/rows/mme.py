"""mme: both layouts of a task's folder, pictures of one name in two of them; a line that is no question."""

from tests.rows.asked import asked

FILES = {
    "count/0001.jpg": "30x20",
    "count/0001.txt": "Are there two dogs? Please answer yes or no.\tYes\n"
    "Are there three dogs? Please answer yes or no.\tNo\n",
    "artwork/images/0001.png": "12x10",
    "artwork/questions_answers_YN/0001.txt": "Is it by Vermeer?\tyes\nIs it?\tperhaps\n",
    "OCR/a.b.txt": 'Is the word "logo"?\tYes',
}


def _sample(name: str, ref: str, task: str, question: str, said: str, size: tuple) -> dict:
    made = asked(name, ref, question, said, size=size, task="yes_no")
    return made | {"group": ref.rpartition(".")[0] if size[0] else ref, "meta": f'{{"task":"{task}"}}'}


_COUNT = ("count", "Are there {} dogs? Please answer yes or no.")
_FOLDER = "artwork/questions_answers_YN/0001"
EXPECTED = {
    "default": {
        "test": [
            _sample("count/0001:0", "count/0001.jpg", "count", _COUNT[1].format("two"), "Yes", (30, 20)),
            _sample("count/0001:1", "count/0001.jpg", "count", _COUNT[1].format("three"), "No", (30, 20)),
            _sample(f"{_FOLDER}:0", "artwork/images/0001.png", "artwork", "Is it by Vermeer?", "yes", (12, 10)),
            _sample("OCR/a.b:0", "OCR/a.b", "OCR", 'Is the word "logo"?', "Yes", (None, None)),
        ]
    }
}
BAD = {"default": {"test": [("artwork/questions_answers_YN/0001.txt", 1, "line")]}}
