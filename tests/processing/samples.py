"""Samples for the tests of batches, and the two processors under test."""

from __future__ import annotations

import io
import re
from functools import cache

import numpy as np
import PIL.Image

from tests.tiny import BUILDERS, MODULES, tiny
from vlit_hub.canonical import validate
from vlit_hub.processing import VLITProcessor
from vlit_hub.schema import Blob, Media, Message, Part, Region, Sample

FAMILIES = tuple(name for name in BUILDERS if "TEMPLATE" in vars(MODULES[name]))
UNTEMPLATED = tuple(name for name in BUILDERS if name not in FAMILIES)
"""Families whose processors come without a chat template, each with a road of its own: test_untemplated.py."""


@cache
def processor(family: str) -> VLITProcessor:
    return VLITProcessor(tiny(family)[1])


def picture(width: int, height: int, seed: int = 0) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    out = io.BytesIO()
    PIL.Image.fromarray(noise).save(out, "PNG")
    return out.getvalue()


def parts(content: str) -> list[Part]:
    """ "<0> What is [this]? <1>": pictures by number, phrases grounded in region 0."""
    out = []
    for piece in re.split(r"(<\d>|\[\w+\])", content):
        if not piece:
            continue
        if piece[0] == "<" and piece[1:-1].isdigit():
            out.append(Part(type="image", index=int(piece[1:-1])))
        elif piece[0] == "[" and piece[1:-1].isalnum():
            out.append(Part(type="region", text=piece[1:-1], regions=[0]))
        else:
            out.append(Part(text=piece))
    return out


def sample(*turns: tuple[str, str], sizes: tuple[tuple[int, int], ...] = (), name: str = "s") -> Sample:
    """Turns as (role, content); role "bad" is an assistant's with train=false."""
    made = Sample(
        images=[Blob(bytes=picture(w, h, seed)) for seed, (w, h) in enumerate(sizes)],
        media=[Media(type="image", index=i, width=w, height=h) for i, (w, h) in enumerate(sizes)],
        regions=[Region(box=[0.1, 0.2, 0.5, 0.6])] if sizes else [],
        messages=[
            Message(role="assistant" if role == "bad" else role, content=parts(content), train=role != "bad")
            for role, content in turns
        ],
        id=name,
        dataset="tests",
    )
    validate(made)
    return made


SAMPLES = [
    sample(("user", "<0>What is it?"), ("assistant", "A dog."), sizes=((64, 48),), name="one"),
    sample(
        ("user", "<0>What is it?"),
        ("assistant", "A dog."),
        ("user", "What colour?"),
        ("assistant", "Brown, or\nblack."),
        ("user", "Sure?"),
        ("assistant", "Yes"),
        sizes=((640, 480),),
        name="turns",
    ),
    sample(
        ("user", "<0>First.<1>Second. Compare <0> them."),
        ("assistant", "The second is larger."),
        ("user", "<2>And this?"),
        ("assistant", "Larger still."),
        sizes=((400, 300), (300, 500), (900, 700)),
        name="pictures",
    ),
    sample(("user", "Say hello."), ("assistant", "Hello!"), name="text"),
    sample(("system", "Be brief."), ("user", "<0>?"), ("assistant", "No."), sizes=((30, 90),), name="system"),
    sample(
        ("user", "<0>Count."), ("bad", "Five."), ("user", "No."), ("assistant", "Four."), ("user", "Thanks"),
        ("bad", "Go away."), sizes=((100, 100),), name="untrained",
    ),
    sample(
        ("user", "Was ist das? 犬 🐶 e\u0301"),
        ("assistant", "Ein Hünd 犬 🐶\u200d🦺 e\u0301, naïve — „ja“ e\u0301"), name="unicode",
    ),
    sample(("user", "Yes or no? Yes"), ("assistant", "Yes"), ("user", "Yes"), ("assistant", "Yes Yes"), name="again"),
    sample(("user", "USER: a ASSISTANT: b"), ("assistant", "ASSISTANT: b USER: a"), name="template words"),
    sample(("user", "Code"), ("assistant", "def f():\n    return {'a': 1}  # x\n\n\tdone"), name="code"),
    sample(
        ("user", "<0>Where is [this]?"), ("assistant", "At [this] place."), ("user", "Again [that]?"),
        ("assistant", "[that]"), sizes=((640, 400),), name="regions",
    ),
]  # fmt: skip
ANSWERS = {
    "one": ["A dog."],
    "turns": ["A dog.", "Brown, or\nblack.", "Yes"],
    "pictures": ["The second is larger.", "Larger still."],
    "text": ["Hello!"],
    "system": ["No."],
    "untrained": ["Four."],
    "unicode": ["Ein Hünd 犬 🐶\u200d🦺 \u00e9, naïve — „ja“ \u00e9"],
    "again": ["Yes", "Yes Yes"],
    "template words": ["ASSISTANT: b USER: a"],
    "code": ["def f():\n    return {'a': 1}  # x\n\n\tdone"],
}
"""By hand; composed accents, as Qwen's tokenizer normalises them. Those of "regions" depend on the dialect."""
