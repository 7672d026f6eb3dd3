"""What a check says where it cannot say yes or no, and how texts are cut for a line."""

from __future__ import annotations


class Unsaid(str):
    """Why a check cannot speak of a sample or a family: neither green nor red."""


def short(text: str) -> str:
    """The text in quotes, its middle left out where it is long."""
    return repr(text if len(text) <= 60 else f"{text[:40]}...{text[-15:]}")
