"""Verbs and nouns, distinct n-grams, embeddings, over samples of one size."""

import math

import numpy as np
import pytest

from tests.curation.made import sample, write
from vlit_hub.curation.diversity import distances, distinct, diversity
from vlit_hub.curation.embeddings import embed
from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import chosen
from vlit_hub.curation.verbs import verb_noun
from vlit_hub.shards import Store


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Describe the image in detail.", ("describe", "image")),
        ("Can you please explain the joke?", ("explain", "joke")),
        ("What is the color of the car?", ("identify", "color")),
        ("How many red apples are there?", ("count", "apple")),
        ("Is there a dog?", ("verify", "dog")),
        ("Here is a picture. Please write a short story about it!", ("write", "story")),
        ("Why?", ("explain", "")),
        ("dog", None),
    ],
)
def test_verb_and_noun(question, expected):
    assert verb_noun(question) == expected


def test_the_indicator_speaks_english_only():
    (made,) = chosen(["instruction"])
    assert made.run(Facts(sample("Describe the cat.", "A."))) == {"verb": "describe", "noun": "cat"}
    assert made.run(Facts(sample("Describe the cat.", "A.", language="de"))) == {}


def test_distinct_by_hand():
    assert distinct([["a", "b", "a", "b"], ["a", "b"]], 1) == 2 / 6
    assert distinct([["a", "b", "a", "b"], ["a", "b"]], 2) == 2 / 4
    assert distinct([], 2) == 0


def test_datasets_are_compared_over_one_size(tmp_path):
    tiny = [sample("Describe the cat.", "A cat.", dataset="tiny") for _ in range(3)]
    few = [sample("Describe the cat.", "x" * (i + 1), dataset="few") for i in range(30)]
    many = [sample("Is it so?", "yes", dataset="many") for _ in range(40)]
    found = {each.dataset: each for each in diversity(Store(write(tmp_path, tiny + few + many)), size=35)}
    assert {name: each.samples for name, each in found.items()} == {"few": 30, "many": 30, "tiny": 3}
    assert (found["few"].distinct_1, found["many"].distinct_1) == (1, 1 / 30)
    assert found["few"].verb_nouns == 1 and found["few"].verb_noun_entropy is None and found["few"].spread is None
    (alone,) = diversity(Store(write(tmp_path / "a", many)), size=10)
    assert alone.samples == 10 and alone == diversity(Store(tmp_path / "a"), size=10)[0]


def test_embeddings_put_like_beside_like():
    pytest.importorskip("wordllama")
    vectors = embed(["a dog runs", "a puppy is running", "the price of steel fell"], "wordllama")
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert distances(["one"], "wordllama") == (None, None)
    spread, nearest = distances(["a dog runs", "a dog runs"], "wordllama")
    assert math.isclose(spread, 0, abs_tol=1e-5) and math.isclose(nearest, 0, abs_tol=1e-5)
    with pytest.raises(ValueError, match="'word2vec' is not one of: wordllama"):
        embed(["a"], "word2vec")
