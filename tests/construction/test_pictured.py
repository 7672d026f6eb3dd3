"""Questions put to a model that sees: with, without and with another picture. A real architecture in small answers."""

import io
import json
from collections import Counter
from dataclasses import dataclass

import pytest
from PIL import Image
from transformers import LlavaForConditionalGeneration
from typer.testing import CliRunner

from tests.construction import collection
from tests.construction.test_author import DOG
from tests.tiny.llava import build
from vlit_hub.cli import app
from vlit_hub.construction import construct
from vlit_hub.construction.asked import Written
from vlit_hub.construction.pictured import NOTHING_LEFT, Pictured, comparable, right
from vlit_hub.construction.templates import Turn
from vlit_hub.evaluation.predict import predict
from vlit_hub.processing import VLITProcessor
from vlit_hub.schema import text_of

PICTURES = {1: DOG, 2: ((210, 150), ["a dog sits there"], DOG[2]), 3: ((220, 150), ["one more dog"], DOG[2])}
QUESTION = "What is it?"


@dataclass
class Says:
    """An author whose turns are known, by picture."""

    turns: dict
    forms = ("conversation",)
    shots = 0

    def write(self, work, issues):
        for asked in work:
            turns = self.turns.get(asked.scene.picture.id)
            yield asked, Written(turns, "test@1") if turns else None


class Keeps:
    """Answers as ``said`` does, and keeps what it was asked."""

    def __init__(self, said):
        self.said, self.samples = said, []

    def __call__(self, samples):
        self.samples += samples
        return [self.said(sample) for sample in samples]


@pytest.fixture
def coco(tmp_path):
    return collection.write(tmp_path / "coco", PICTURES)


@pytest.fixture(scope="module")
def vlm(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "tiny-llava"
    model, processor = build()
    model.save_pretrained(path)
    processor.save_pretrained(path)
    return path


def put(coco, out, turns, answer, **options):
    """(report, dialogues as questions by picture, what was seen)."""
    author = Pictured(Says(turns), answer, **options)
    report = construct(coco, out, types=("global",), author=author)
    rows = json.loads((out / "global.json").read_text())["annotations"]
    kept = {int(row["img_ids"][15:27]): [s["value"] for s in row["conversations"][1::2]] for row in rows}
    return report, kept, author.seen.to_dict()


def test_a_real_model_s_blind_answers_are_dropped(coco, tmp_path, vlm):
    """What the model says without picture is found by asking it."""
    model, processor = LlavaForConditionalGeneration.from_pretrained(vlm), VLITProcessor.from_pretrained(vlm)
    heard = Keeps(lambda sample: predict(model, processor, [sample], max_new_tokens=2)[0])
    put(coco, tmp_path / "a", {i: [Turn(QUESTION, "nothing")] for i in PICTURES}, heard)
    (blind,) = {heard.said(sample) for sample in heard.samples if not sample.images}
    assert len(heard.samples) == 9 and comparable(blind) and not right("never said", blind)
    needless, needed = Turn(QUESTION, blind), Turn(QUESTION, "never said")
    _, kept, seen = put(coco, tmp_path / "b", {1: [needless, needed], 2: [needless], 3: [needed]}, heard)
    assert kept == {1: ["never said"], 3: ["never said"]}
    assert (seen["asked"], seen["right_blind"], seen["dropped"]) == (4, 2, 2)


def test_right_without_picture_is_dropped_or_counted(coco, tmp_path):
    turns = {1: [Turn(QUESTION, "dog"), Turn("How many?", "two")], 2: [Turn(QUESTION, "dog")], 3: []}

    def always_dog(sample):
        return "A dog."

    report, kept, seen = put(coco, tmp_path / "drop", turns, always_dog_batch := Keeps(always_dog))
    assert kept == {1: ["two"]} and report.issues[NOTHING_LEFT] == 1
    numbers = {"asked": 3, "right": 2, "right_blind": 2, "swapped": 3, "right_swapped": 2}
    assert seen == {**numbers, "dropped": 2, "not_asked": {}}
    assert len(always_dog_batch.samples) == 9
    _, kept, seen = put(coco, tmp_path / "count", turns, Keeps(always_dog), right_blind="count")
    assert kept == {1: ["dog", "two"], 2: ["dog"]} and seen == {**numbers, "dropped": 0, "not_asked": {}}


def test_each_question_gets_its_own_picture_none_and_another_s(coco, tmp_path):

    widths = {i: size[0] for i, (size, _, _) in PICTURES.items()}

    def looks(sample):
        """The width of its picture, as a reader of pixels tells it."""
        shown = [part for message in sample.messages for part in message.content if part.type == "image"]
        if not shown:
            return "unseen"
        with Image.open(io.BytesIO(sample.images[0].bytes)) as opened:
            return str(opened.width)

    turns = {i: [Turn("How wide?", str(width))] for i, width in widths.items()}
    asked = Keeps(looks)
    report, kept, seen = put(coco, tmp_path / "out", turns, asked)
    assert report.records == {"global": 3} and kept == {i: [str(w)] for i, w in widths.items()}
    assert (seen["right"], seen["right_blind"], seen["swapped"], seen["right_swapped"]) == (3, 0, 3, 0)
    said = [looks(sample) for sample in asked.samples]
    assert said == ["200", "210", "220", "unseen", "unseen", "unseen", "210", "220", "200"]
    assert {text_of(sample.messages[0]) for sample in asked.samples} == {"How wide?"}


def test_what_can_be_held_against_a_reply():
    assert (
        comparable("Yes, there is a dog in the picture, I think.")
        and comparable("red dog")
        and not comparable("It is a dog.")
    )
    assert right("yes.", "Yes, there is one.") and not right("No", "Yes, there is one.") and not right("a dog", "No.")
    assert right("The Dog.", "dog") and right("3", "three") and not right("dogs", "dog")


def test_an_unknown_way_is_refused():
    with pytest.raises(ValueError, match="right_blind: 'keep' is not one of: drop, count"):
        Pictured(Says({}), lambda samples: [], right_blind="keep")


def test_on_the_command_line_replies_are_known_the_second_time(coco, tmp_path, vlm):
    command = ["construct", "--coco", coco, "--out", tmp_path / "out", "--vlm", vlm, "--right-blind", "count", "--json"]
    found = []
    for _ in range(2):
        result = CliRunner().invoke(app(), [str(argument) for argument in command])
        assert result.exit_code == 0, result.output
        found.append(json.loads(result.stdout))
    assert found[0] == found[1] and found[0]["pictured"]["asked"] == found[0]["pictured"]["swapped"] > 10
    assert Counter(found[0]["pictured"]["not_asked"]) == Counter()
