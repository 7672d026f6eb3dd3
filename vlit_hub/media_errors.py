"""Why a medium is not given."""

from __future__ import annotations

from vlit_hub.spec import BadRecord


class UnsafePath(BadRecord):
    """A media reference that leaves its root: by ``..``, by an absolute path, or through a symbolic link."""


class UnreadableMedia(ValueError):
    """A medium whose header cannot be read, that is too large, or whose form is refused (the safe one is named)."""
