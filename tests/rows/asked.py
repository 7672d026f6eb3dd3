"""One expected sample of a question, or of a drawn instruction, about one picture."""

from __future__ import annotations

from typing import Any

from vlit_hub.formats.templates import draw

NO_SIZE = (None, None)


def asked(
    name: str, ref: str, question: str, *said: Any, size: tuple = NO_SIZE, task: str = "vqa", **more: Any
) -> dict:
    """``name`` is the id, ``ref`` the picture (or ""), ``said`` the assistant's parts, none where nothing is said."""
    return {
        "id": name,
        "group": ref or name,
        "task": task,
        "messages": [
            ("user", [*(["<image 0>"] if ref else []), question]),
            *([("assistant", [*said])] if said else []),
        ],
        "media": [("image", ref, *size)] if ref else [],
    } | more


def captioned(file: str, row: int, ref: str, caption: str, size: tuple = NO_SIZE, **more: Any) -> dict:
    """A caption under the instruction that is drawn for its row."""
    name = f"{file.rpartition('.')[0]}:{row}"
    return asked(name, ref, draw("caption_short", f"{file}:{row}"), caption, size=size, task="caption", **more)
