"""Every dialect: what is rendered reads back within half a quantum, canonical text comes back to the letter."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlit_hub.regions import DIALECTS, RenderError, dialect, malformed, parse, render, resolve
from vlit_hub.schema import Region

SIZES = st.tuples(st.integers(8, 4000), st.integers(8, 4000))
SHARE = st.floats(0, 1)
BOXES = st.tuples(SHARE, SHARE, SHARE, SHARE).map(
    lambda v: [min(v[0], v[2]), min(v[1], v[3]), max(v[0], v[2]), max(v[1], v[3])]
)
PHRASES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="<>[]{};"), max_size=8)
NAMES = st.sampled_from(sorted(DIALECTS))

BOX = [0.1, 0.25, 0.5, 0.75]
WRITTEN = {
    "float": "a cat [0.100, 0.250, 0.500, 0.750] [0.000, 0.000, 1.000, 1.000]",
    "square": "a cat [0.100, 0.432, 0.500, 0.557] [0.000, 0.370, 1.000, 0.620]",
    "shikra": "a cat[0.100,0.432,0.500,0.557;0.000,0.370,1.000,0.620]",
    "xyxy": "a cat [10, 6, 50, 19] [0, 0, 100, 25]",
    "xywh": "a cat [10, 6, 40, 13] [0, 0, 100, 25]",
    "bare": "a cat 10.0 6.25 50.0 18.75 0.0 0.0 100.0 25.0",
    "bin999": "a cat [100, 250, 500, 750] [0, 0, 999, 999]",
    "bin1000": "a cat [100, 250, 500, 750] [0, 0, 1000, 1000]",
    "qwen3-json": '[{"bbox_2d": [100, 250, 500, 750], "label": "a cat"}, '
    '{"bbox_2d": [0, 0, 1000, 1000], "label": "a cat"}]',
    "qwen25-json": '[{"bbox_2d": [10, 6, 50, 19], "label": "a cat"}, {"bbox_2d": [0, 0, 100, 25], "label": "a cat"}]',
    "percent": "<p>a cat</p> {<10><25><50><75>}<delim>{<0><0><100><100>}",
    "refbox": "<ref>a cat</ref><box>[[100, 250, 500, 750], [0, 0, 1000, 1000]]</box>",
    "asmv2": "<ref>a cat</ref><box>[[100, 432, 500, 557], [0, 370, 999, 620]]</box>",
    "pvit": "a cat <Region><L100><L250><L500><L750></Region><Region><L0><L0><L1000><L1000></Region>",
    "svit": "<st>a cat<ed> [0.100, 0.250, 0.500, 0.750], [0.000, 0.000, 1.000, 1.000]",
    "kosmos2": "<phrase>a cat</phrase><object><patch_index_0259><patch_index_0751>"
    "</delimiter_of_multi_objects/><patch_index_0000><patch_index_1023></object>",
    "paligemma": "<loc0256><loc0102><loc0768><loc0512> a cat ; <loc0000><loc0000><loc1023><loc1023> a cat",
}
"""Two boxes of a picture of 100 x 25, which stands at row 37 of its padded square, by hand."""


def test_every_dialect_writes_its_published_form() -> None:
    regions = [Region(box=BOX), Region(box=[0.0, 0.0, 1.0, 1.0])]
    assert {name: render("a cat", regions, name, (100, 25)) for name in DIALECTS} == WRITTEN


@given(name=NAMES, boxes=st.lists(BOXES, min_size=1, max_size=3), size=SIZES, phrase=PHRASES)
def test_what_is_rendered_reads_back_within_half_a_quantum(name, boxes, size, phrase) -> None:
    text = render(phrase, [Region(box=box) for box in boxes], name, size)
    pieces = parse(text, name)
    found = [resolve(r, size) for piece in pieces if isinstance(piece, tuple) for r in piece[1]]
    assert len(found) == len(boxes)
    rules = DIALECTS[name]
    for region, box in zip(found, boxes, strict=True):
        for i, (a, b) in enumerate(zip(region.box, box, strict=True)):
            unit = {"norm": 1.0, "square": max(size) / size[i % 2]}.get(rules.frame, 1 / size[i % 2])
            assert abs(a - b) <= rules.quantum / 2 * unit + 1e-9


@given(name=NAMES, boxes=st.lists(BOXES, min_size=1, max_size=3), size=SIZES, phrase=PHRASES)
def test_canonical_text_comes_back_to_the_letter(name, boxes, size, phrase) -> None:
    text = f"See {render(phrase, [Region(box=box) for box in boxes], name, size)} there."
    assert again(text, name, size) == text
    assert again(text, name, size, native=False) == text
    assert not malformed(parse(text, name), name)


def again(text: str, name: str, size: tuple[int, int], native: bool = True) -> str:
    """The text parsed, resolved and rendered; without the literals that parse keeps, if asked."""
    out = []
    for piece in parse(text, name):
        if isinstance(piece, str):
            out.append(piece)
            continue
        regions = [resolve(region, size) for region in piece[1]]
        out.append(render(piece[0], regions if native else [Region(box=r.box) for r in regions], name, size))
    return "".join(out)


OTHER = {
    "float": ["[0.1,0.2, 0.30,0.4]", "[0, 0.1, 1, 0.25]", "[.1, .2, .3, .45678]"],
    "square": ["[0.1, 0.2, 0.3, 0.4] [0.1, 0.2, 0.3, 0.40]"],
    "shikra": ["it[0.1,0.2,0.3,0.4]"],
    "xyxy": ["[1.5, 2, 3, 4]", "[1,2,3,4]"],
    "xywh": ["[1.5,2,3,4]"],
    "bare": ["57.79 177.34 491.20000000000005 629.53"],
    "bin999": ["[1,2,3,4]"],
    "bin1000": ["[001, 2, 3, 1000]"],
    "percent": ["<p>a</p>{<1><2><3><04>}"],
    "refbox": ["<ref>a</ref><box>(1,2),(3,4)</box><box>(5,6),(7,8)</box>", "<box>[[1,2,3,4],[5,6,7,8]]</box>"],
    "asmv2": ["<pred>on</pred><box>[[1, 2, 3, 4]]</box><box>[[5, 6, 7, 8], [0, 0, 999, 999]]</box>"],
    "pvit": ["<Region>[0.1, 0.25, 0.3, 0.4]</Region>", "<Region><L001><L2><L3><L4></Region>"],
    "svit": ["<st>a<ed>[0.1, 0.2, 0.3, 0.4],[0.1, 0.2, 0.3, 0.4]"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in OTHER.items() for text in texts])
def test_other_text_comes_back_by_its_literal(name: str, text: str) -> None:
    text = f"See {text}, there."
    assert len(parse(text, name)) == 3
    assert again(text, name, (640, 480)) == text
    assert again(text, name, (640, 480), native=False) != text


MALFORMED = {
    "float": ["[0.1, 0.2, 0.3]", "[0.5, 0.2, 0.3, 0.4]", "[0, 1, 1, 1]"],
    "shikra": ["[0.1,0.2,0.3,0.4;0.1]"],
    "bin999": ["[1, 2, 3, 1000]"],
    "percent": ["<p>a</p>", "{<1><2><3>}", "{<1><2><3><101>}", "{<9><2><3><4>}"],
    "refbox": ["<ref>a</ref><box>[]</box>", "<box>[[1, 2, 3, 1094]]</box>", "<ref>a</box>"],
    "pvit": ["<Region><L1><L2><L3></Region>", "<Region>tree</Region>"],
    "svit": ["<st>a<ed> [0.1, 0.2, 0.3.4, 0.4]"],
    "kosmos2": ["<object><patch_index_0000></object>", "<object><patch_index_0000><patch_index_1024></object>"],
    "paligemma": ["<loc0001><loc0002><loc0003>", "<loc0001><loc0002><loc0003><loc1024>"],
    "qwen25-json": [
        '{"bbox_2d": [1, 2, 3]}',
        '[{"bbox_2d": [1, 2, 3, 4], "label": "a"}, {"bbox_2d": [1, 2, 3, 4], "label": "b"}]',
    ],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in MALFORMED.items() for text in texts])
def test_malformed_marks_keep_their_text(name: str, text: str) -> None:
    pieces = parse(f"See {text}.", name)
    assert pieces == [f"See {text}."]
    assert malformed(pieces, name) == (DIALECTS[name].marks is not None)


def test_a_broken_tag_keeps_its_text_beside_the_box_that_can_be_read() -> None:
    text = "two <ref>remotes</pred><box>[[1, 2, 3, 4]]</box><box>[]</box>"
    before, (phrase, regions), after = parse(text, "asmv2")
    assert (before, phrase, after) == ("two <ref>remotes</pred>", "", "<box>[]</box>")
    assert regions[0].box == pytest.approx([0.0015, 0.0025, 0.0035, 0.0045])
    assert malformed([before, after], "asmv2")


def test_a_phrase_that_holds_the_marks_is_not_written() -> None:
    for name, mark in (("refbox", "</ref>"), ("percent", "<p>"), ("kosmos2", "</phrase>"), ("svit", "<ed>")):
        with pytest.raises(RenderError, match=re.escape(mark)):
            render(f"a {mark}", [Region(box=BOX)], name)


def test_floored_bins_read_as_their_centre_at_most_one() -> None:
    for name, text, box in (
        ("percent", "{<0><29><99><100>}", [0.005, 0.295, 0.995, 1.0]),
        ("bin999", "[0, 1, 2, 999]", [0.0005, 0.0015, 0.0025, 0.9995]),
        ("bin1000", "[0, 1, 2, 1000]", [0.0005, 0.0015, 0.0025, 1.0]),
        ("refbox", "<box>[[0, 1, 2, 1000]]</box>", [0.0, 0.001, 0.002, 1.0]),
        ("kosmos2", "<object><patch_index_0000><patch_index_1023></object>", [1 / 64, 1 / 64, 63 / 64, 63 / 64]),
    ):
        assert DIALECTS[name].floors == (name != "refbox")
        assert parse(text, name)[0][1][0].box == pytest.approx(box)


def test_painted_is_named_and_refuses_text() -> None:
    for call in (lambda: parse("a", "painted"), lambda: render("a", [], "painted"), lambda: dialect("painted")):
        with pytest.raises(ValueError, match="painted.*no text"):
            call()


_PIECES = re.compile(r"<[^>]*>|[\[\]{}]|[\d.]+|, |\W|\w+")
FRAGMENTS = sorted({piece for text in WRITTEN.values() for piece in _PIECES.findall(text)})


@given(name=NAMES, pieces=st.lists(st.sampled_from([*FRAGMENTS, *WRITTEN.values()]), max_size=12))
def test_a_text_that_is_not_searched_has_no_literal_and_no_mark(name, pieces) -> None:
    """What lets parse and malformed pass over most texts at once."""
    rules, text = DIALECTS[name], "".join(pieces)
    assert all(rules.needs in match.group() for match in rules.literal.finditer(text))
    assert rules.marks is None or all("<" in match.group() for match in rules.marks.finditer(text))
