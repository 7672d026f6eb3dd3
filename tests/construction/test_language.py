"""Captions in another language are counted and left out; what is annotated is still spoken of, in English."""

import json
import sys
from collections import Counter

import pytest

from tests.construction.annotation_reader import Annotations, Reader
from tests.construction.collection import write
from tests.curation.made import sample
from tests.curation.made import write as write_shards
from vlit_hub.construction import collect, construct
from vlit_hub.construction.built import collect_built
from vlit_hub.curation.language import UNCHECKED, english, foreign
from vlit_hub.schema import Region

FOREIGN = {
    "de": "Ein Hund sitzt neben einem Regenschirm.",
    "fr": "Un chien assis à côté d'un parapluie",
    "es": "Un perro sentado junto a un paraguas",
    "it": "Un cane seduto accanto a un ombrello",
    "nl": "Een hond zit naast een paraplu",
    "zh": "一只狗坐在雨伞旁边",
    "ja": "犬が傘の隣に座っている",
    "ko": "개가 우산 옆에 앉아 있다",
    "ar": "كلب يجلس بجانب مظلة",
}
ENGLISH = (
    "a dog sits left of an umbrella", "Dog and umbrella.", "zebra", "man surfing", "A mouse", "black dog", "a cat",
    "People with knives", "Two of my favourite things", "Tennis player.", "An elderly man in a café eats spaghetti.",
)  # fmt: skip


@pytest.mark.parametrize("language", FOREIGN)
def test_told_by_language(language):
    assert foreign(FOREIGN[language]) == language


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_kept(text):
    assert foreign(text) == ""


def test_of_a_collection_they_are_counted_and_left_out(tmp_path):
    boxes = [("dog", [10, 60, 40, 40], 0), ("umbrella", [120, 20, 60, 90], 0)]
    pictures = {7: ((200, 150), [ENGLISH[0], FOREIGN["de"], FOREIGN["fr"]], boxes),
                8: ((200, 150), [FOREIGN["zh"], FOREIGN["de"]], boxes)}  # fmt: skip
    coco = write(tmp_path / "coco", pictures)
    found = collect(coco)
    assert [picture.captions for picture in found.pictures] == [(ENGLISH[0],), ()]
    assert found.issues == {
        "caption in another language: de": 2,
        "caption in another language: fr": 1,
        "caption in another language: zh": 1,
        "picture without captions": 1,
    }
    report = construct(coco, tmp_path / "out", types=("global", "negative"))
    assert report.records == {"global": 2, "negative": 2}
    assert report.issues == found.issues
    read = Annotations(coco / "captions.json", coco / "instances.json")
    for record in json.loads((tmp_path / "out" / "global.json").read_text())["annotations"]:
        texts = [turn["value"] for turn in record["conversations"]]
        assert not any(said in text for text in texts for said in FOREIGN.values())
        for question, answer in zip(texts[::2], texts[1::2], strict=True):
            Reader(read, int(record["img_ids"][15:27])).check(question, answer)


def test_of_built_samples_too(tmp_path):
    from tests.construction.test_built import picture

    dog = Region(box=[0.05, 0.4, 0.25, 0.8], label="dog")
    made = [sample("Describe.", text, id=str(i), task="caption", regions=[dog], **picture(1))
            for i, text in enumerate((FOREIGN["es"], "A dog on a mat.", FOREIGN["es"]))]  # fmt: skip
    found = collect_built(write_shards(tmp_path / "in", made), tmp_path / "pictures")
    assert found.pictures[0].captions == ("A dog on a mat.",)
    assert found.issues["caption in another language: es"] == 2


def test_where_they_cannot_be_told_all_stay_and_that_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "py3langid", None)
    issues = Counter()
    assert english(FOREIGN.values(), issues) == list(FOREIGN.values())
    assert issues == {UNCHECKED: len(FOREIGN)}
