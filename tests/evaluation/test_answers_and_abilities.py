"""Normal form of short answers, and the words that name an ability."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlit_hub.evaluation.abilities import RULES, ability_of
from vlit_hub.evaluation.answers import is_right, normalise
from vlit_hub.schema import ABILITIES


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Yes.", "yes"),
        ("  The Dog! ", "dog"),
        ("two", "2"),
        ("Twenty", "20"),
        ("none", "0"),
        ("a", "a"),
        ("A.", "a"),
        ("the", "the"),
        ("1,000", "1000"),
        ("1,2", "1 2"),
        ("3.5", "3.5"),
        ("3.", "3"),
        (".5", ".5"),
        ("-5", "-5"),
        ("well-known", "well known"),
        ("2-3", "2 3"),
        ("50%", "50%"),
        ("don't", "dont"),
        ("it\u2019s", "its"),
        ("?", "?"),
        ("", ""),
        ("\uff11\uff12", "12"),
        ("\u662f\u3002", "\u662f"),
        ("\u0928\u0940\u0932\u093e", "\u0928\u0940\u0932\u093e"),
        ("A. cat", "cat"),
        ("B. cat", "b cat"),
        ("top left", "top left"),
    ],
)
def test_normal_form(text, form):
    assert normalise(text) == form


@given(st.text(max_size=30))
def test_normal_form_is_stable_and_never_loses_an_answer(text):
    form = normalise(text)
    assert normalise(form) == form
    assert bool(form) == bool(text.strip())


@given(st.lists(st.sampled_from(["the", "a", "an", "Dog", "two", "cat,", "7", "(red)"]), max_size=4))
def test_against_a_plain_version(words):
    numbers = {"two": "2"}
    plain = [w.lower().strip(string.punctuation) for w in words]
    plain = [numbers.get(w, w) for w in plain]
    rest = [w for w in plain if w not in ("a", "an", "the")]
    assert normalise(" ".join(words)) == " ".join(rest or plain)


def test_right_means_any_reference():
    assert is_right("Two", ["three", "2"])
    assert not is_right("22", ["2", "two"])
    assert not is_right("", ["no"])
    assert not is_right("yes it is", ["yes"])


@pytest.mark.parametrize(
    ("question", "ability"),
    [
        ("What place is shown here?", "scene_understanding"),
        ("Can you describe the picture?", "scene_understanding"),
        ("Is there a dog in the picture? Answer yes or no.", "instance_identity"),
        ("What kind of animal is this?", "instance_identity"),
        ("What colour is the car?", "instance_attributes"),
        ("What shape is the object? Answer with one word.", "instance_attributes"),
        ("Where is the red circle?", "instance_location"),
        ("Which object is in the top left?", "instance_location"),
        ("How many people are there? Answer with a number.", "instance_counting"),
        ("There are two dogs in the picture, right?", "instance_counting"),
        ("Is the dog to the left of the tree?", "spatial_relation"),
        ("What is the man holding?", "instance_interaction"),
        ("Why is the street wet?", "visual_reasoning"),
        ("What word is written on the sign?", "text_recognition"),
        ("What does the sign say?\nA. Stop\nB. Where to?", "text_recognition"),
        ("Which animal is it?\nA. how many\nB. colour", "instance_identity"),
        ("Thank you!", "none"),
        ("Name the object. Answer with a word or two.", "instance_identity"),
    ],
)
def test_ability_of(question, ability):
    assert ability_of(question) == ability


def test_rules_name_each_ability_once():
    assert sorted(name for name, _ in RULES) == sorted(set(ABILITIES) - {"none"})
