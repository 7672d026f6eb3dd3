"""Each indicator on texts whose value is plain to a reader."""

import pytest

from tests.curation.made import sample
from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import chosen


def values(name, *turns, **more):
    (made,) = chosen([name])
    return made.run(Facts(sample(*turns, **more)))


CUT = ["The dog runs across the", "A man stands there. Behind him two women and several children", "It is red and,"]
WHOLE = ["The dog runs.", "two dogs", 'A man (on the left) says "no".', "1. a dog\n2. a cat. Yes\n- a red bird on it"]
WHOLE += ["yes", "North Dakota State University and College of Arts", ""]


@pytest.mark.parametrize(("answer", "cut"), [*((a, True) for a in CUT), *((a, False) for a in WHOLE)])
def test_cut_off_answers(answer, cut):
    assert values("format_faults", "Q?", answer)["cut_off"] is cut


@pytest.mark.parametrize(
    ("answer", "column"),
    [
        ("It is red.\nHuman: and the dog?", "role_leak"),
        ("It is red.</s>", "role_leak"),
        ("### Assistant: It is red.", "role_leak"),
        ("I'm sorry, but I cannot see the image.", "refusal"),
        ("As an AI language model, I have no eyes.", "refusal"),
        ("Based on the captions, a dog runs.", "prompt_residue"),
        ("It is a {object}.", "prompt_residue"),
        ("The <image> shows it.", "prompt_residue"),
        ("  ", "empty_answer"),
    ],
)
def test_faults_of_form(answer, column):
    found = values("format_faults", "What is it?", answer)
    assert [name for name, flag in found.items() if flag] == [column]


FINE = ["A: no", "The sign reads: stop.", "I cannot say whether it is a dog or a wolf.", "I cannot see a dog there."]


@pytest.mark.parametrize("answer", FINE)
def test_faults_of_form_are_not_seen_everywhere(answer):
    found = values("format_faults", "What is it?", f"It says this. {answer}")
    assert not any(found.values())


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("How many dogs are there?", "counting"),
        ("Why is he running?", "why_how"),
        ("Where is the cup?", "where"),
        ("Which dog is larger?", "who_which"),
        ("What is this?", "what"),
        ("Is there a dog?", "yes_no"),
        ("Describe the picture in detail.", "request"),
        ("dog", "other"),
    ],
)
def test_form_of_questions(question, form):
    assert values("question_type", question, "A.")["question_form"] == form


def test_repetition():
    found = values("repetition", "Q?", "a b a b", "Q?", "a b a b")
    assert found == {"distinct_2": 2 / 6, "same_answers": 0.5}
    assert values("repetition", "Q?", "a")["distinct_2"] is None


def test_the_released_ability_wins():
    assert values("ability", "How many dogs?", "Two.")["ability"] == "instance_counting"
    assert values("ability", "How many dogs?", "Two.", ability="visual_reasoning")["ability"] == "visual_reasoning"


def test_rules_of_english_words_do_not_speak_of_other_languages():
    assert values("question_type", "Wo ist der Hund?", "Da.", language="de")["question_form"] is None
    assert values("polarity", "Ist er da?", "No", language="de")["polarity"] is None
