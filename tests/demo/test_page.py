"""The page is one file, says what it was given, and draws the curve where it belongs."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from PIL import Image

from vlit_hub.demo.page import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, Example, chart, page, ticks

ROWS = [["ability", "n", "accuracy"], ["colour", "40", "93.2"], ["<b>&", "2", "0.0"]]
LOSS = {"FA": [(1, 4.0), (10, 1.0)], "VLIT": [(1, 2.0), (30, 0.5)]}


class Reader(HTMLParser):
    """Texts of cells, pictures, and every address in the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.sources: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.addresses += [value for key, value in attrs if key in ("src", "href", "srcset", "action", "data")]
        self.sources += [value for key, value in attrs if (tag, key) == ("img", "src")]
        assert tag not in ("script", "link", "iframe")

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells.append(data)
            self.open.append("")


def jpeg(width: int = 300) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, 200), (200, 30, 30)).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def written(tmp_path):
    examples = [
        Example(Image.new("RGB", (72, 72), (0, 128, 0)), "How many?", "two.", "2", "counting"),
        Example(jpeg(), "What <colour>?", "", 'the "red" & blue', "colour"),
    ]
    path = page(
        tmp_path / "new" / "page.html", title="T & <T>", table_rows=ROWS, examples=examples, loss=LOSS, note="N"
    )
    return path, path.read_text(), examples


def test_one_file_with_everything_in_it(written):
    path, text, examples = written
    read = Reader(text)
    assert list(path.parent.iterdir()) == [path]
    assert len(read.sources) == 2 and all(address.startswith("data:image/") for address in read.addresses)
    assert "url(" not in text and "@import" not in text
    green = Image.open(io.BytesIO(base64.b64decode(read.sources[0].removeprefix("data:image/png;base64,"))))
    assert (green.size, green.getpixel((5, 5))) == ((72, 72), (0, 128, 0))
    assert base64.b64decode(read.sources[1].removeprefix("data:image/jpeg;base64,")) == examples[1].picture


def test_it_says_what_it_was_given(written):
    _, text, _ = written
    assert Reader(text).cells == [cell for row in ROWS for cell in row]
    assert "<h1>T &amp; &lt;T&gt;</h1>" in text and "What &lt;colour&gt;?" in text
    assert "1 of 2 shown are right." in text
    assert text.count('<div class="right">') == 1 and text.count('<div class="wrong">') == 1
    assert "(nothing)" in text and "the &#34;red&#34; &amp; blue" in text
    assert text.count('<figure class="small">') == 1
    assert "prefers-color-scheme: dark" in text


def test_svg_is_well_formed_with_both_stages(written):
    [svg] = re.findall(r"<svg.*?</svg>", written[1], re.DOTALL)
    root = ElementTree.fromstring(svg)
    assert [path.get("class") for path in root.iter("path")] == ["curve c0", "curve c1"]
    labels = [text.text for text in root.iter("text")]
    assert {"step", "loss, nats per token", "0", "40"} <= set(labels)


def test_points_lie_where_their_numbers_say():
    drawn = chart(LOSS)
    inner, tall = WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM
    points = [re.findall(r"([\d.]+) ([\d.]+)", curve.path) for curve in drawn.curves]
    xs = [[round((float(x) - LEFT) / inner * 40, 1) for x, _ in curve] for curve in points]
    assert xs == [[1, 10], [11, 40]]
    marks = {float(tick.label): tick.at for tick in drawn.y}
    assert marks[0] == tall
    ys = [[round((tall - float(y)) / (tall - marks[4]) * 4, 2) for _, y in curve] for curve in points]
    assert ys == [[4, 1], [2, pytest.approx(0.5, abs=0.02)]]
    assert [curve.last for curve in drawn.curves] == ["1", "0.5"]
    assert drawn.curves[1].start == pytest.approx(LEFT + inner / 4, abs=0.1)


def test_ticks():
    assert ticks(0, 3.4) == [0, 1, 2, 3, 4]
    assert ticks(0, 0.05) == [0, 0.01, 0.02, 0.03, 0.04, 0.05]
    assert ticks(0, 1800) == [0, 500, 1000, 1500, 2000]
    assert ticks(-1.0, 3) == [-1, 0, 1, 2, 3]
    assert len(ticks(0, 0)) == 2


def test_an_empty_page(tmp_path):
    text = page(tmp_path / "p.html", title="T", table_rows=[], examples=[], loss={"FA": []}).read_text()
    assert not {"<table", "<svg", "<figure"} & set(re.findall(r"<\w+", text))
    assert page(tmp_path / "p.html", title="T", table_rows=[], examples=[], loss={"FA": [(0, 0.0)]}).exists()


def test_bad_input(tmp_path):
    def make(**given):
        return page(tmp_path / "p.html", **{"title": "T", "table_rows": [], "examples": [], "loss": {}, **given})

    with pytest.raises(ValueError, match=r"rows of \[1, 2\] cells"):
        make(table_rows=[["a", "b"], ["c"]])
    with pytest.raises(ValueError, match="loss of VLIT is not finite"):
        make(loss={"VLIT": [(1, float("nan"))]})
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, "BMP")
    with pytest.raises(ValueError, match="no png, jpeg, gif or webp"):
        make(examples=[Example(file.getvalue(), "q", "a", "b", "c")])
    assert not (tmp_path / "p.html").exists()
