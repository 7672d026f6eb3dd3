"""Regions: geometry between frames, and dialects that write regions as text and read them back."""

from vlit_hub.regions.convention import Dialect, RenderError
from vlit_hub.regions.dialects import DIALECTS, PICTURE_DIALECTS, dialect, malformed, parse, render
from vlit_hub.regions.geometry import box_of, resolve

__all__ = [
    "DIALECTS",
    "PICTURE_DIALECTS",
    "Dialect",
    "RenderError",
    "box_of",
    "dialect",
    "malformed",
    "parse",
    "render",
    "resolve",
]
