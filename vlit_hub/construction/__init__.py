"""The survey's construction pipeline: collect -> generate -> write (coco-arc's native format)."""

from vlit_hub.construction.construct import Report, construct
from vlit_hub.curation.collect import CollectError, Collection, Object, Picture, collect

__all__ = ["CollectError", "Collection", "Object", "Picture", "Report", "collect", "construct"]
