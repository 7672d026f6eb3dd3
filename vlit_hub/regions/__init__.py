"""Regions: geometry between frames, and dialects that write regions as text and read them back."""

from vlit_hub.regions.dialects import DIALECTS, Dialect, RenderError, dialect, parse, render
from vlit_hub.regions.geometry import box_of, resolve

__all__ = ["DIALECTS", "Dialect", "RenderError", "box_of", "dialect", "parse", "render", "resolve"]
