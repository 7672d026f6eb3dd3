"""Instruction templates: at least ten different texts a name, drawn evenly and always the same for one key."""

from __future__ import annotations

from collections import Counter
from string import Formatter

import pytest

from vlit_hub.formats.templates import TEXTS, draw


@pytest.mark.parametrize("name", TEXTS)
def test_ten_different_texts_with_the_same_fields(name: str) -> None:
    texts = TEXTS[name]
    assert len(set(texts)) == len(texts) >= 10
    assert len({frozenset(field for _, field, _, _ in Formatter().parse(text) if field) for text in texts}) == 1


def test_a_key_always_draws_the_same_and_keys_spread_evenly() -> None:
    assert draw("describe_image", "filter_cap.json:0") == "Write a detailed account of what the image shows."
    counts = Counter(draw("describe_image", f"a.json:{row}") for row in range(12_000))
    assert set(counts) == set(TEXTS["describe_image"])
    assert max(counts.values()) < 1.2 * min(counts.values())
