"""Find media by their native references, safely: nothing outside the named roots is ever opened."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from vlit_hub.media_errors import UnreadableMedia, UnsafePath
from vlit_hub.media_roots import Root, open_root
from vlit_hub.schema import MODALITIES, Blob
from vlit_hub.spec import MediaRule

MAX_PICTURE, MAX_STREAM = 1 << 28, 1 << 30
"""Bytes of a picture, and of another medium, that is read from an archive."""
COCO = (
    *(f"{folder}{name}{{coco}}.jpg" for folder in ("", "images/") for name in ("", "COCO_train2014_", "COCO_val2014_")),
    *("train2017/{coco}.jpg", "val2017/{coco}.jpg"),
    *("train2014/COCO_train2014_{coco}.jpg", "val2014/COCO_val2014_{coco}.jpg"),
)
"""Where a picture of COCO lies, by its number: 2017 is another split of the pictures of 2014, under shorter names."""


class MediaFinder:
    """Turns native references into the media below the roots of one read.

    ``roots``: root name -> what the user gave for it, or one for all (:func:`vlit_hub.media_roots.open_root`: a folder,
    an archive, a table of URLs). A root for which nothing is given is searched in ``raw``. In a root of COCO (``coco``,
    ``coco2014`` ...) a picture that no candidate finds is found by its number, whichever year's names are there.
    """

    def __init__(self, raw: Path, rules: Iterable[MediaRule], roots: Mapping[str, str] | str | None = None) -> None:
        self.rules = tuple(rules)
        known = {rule.root for rule in self.rules}
        if isinstance(roots, Mapping) and (unknown := set(roots) - known):
            raise ValueError(f"media root {', '.join(sorted(unknown))}: this dataset's are {', '.join(sorted(known))}")
        self.folders: dict[str, str] = {}
        opened: dict[str, Root] = {}
        for name in known:
            given = roots if isinstance(roots, str) else (roots or {}).get(name)
            self.folders[name] = os.path.abspath(given if given is not None else raw)
            if self.folders[name] not in opened:
                opened[self.folders[name]] = open_root(name, self.folders[name])
        self._places = {
            kind: list(
                dict.fromkeys(
                    (opened[self.folders[rule.root]], candidate, _slot(candidate))
                    for rule in self.rules
                    if rule.type == kind
                    for candidate in (*rule.candidates, *(COCO if rule.root.startswith("coco") else ()))
                    # A candidate whose own folder is not there finds nothing: half of the look-ups are saved.
                    if opened[self.folders[rule.root]].holds(os.path.dirname(candidate.partition("{")[0]))
                )
            )
            for kind in MODALITIES
        }
        self._roots = {kind: list(dict.fromkeys(place[0] for place in places)) for kind, places in self._places.items()}
        self.full_colour = max((rule.full_colour for rule in self.rules if rule.type == "point_cloud"), default=1.0)

    def find(self, type: str, ref: str) -> Blob | None:
        """The medium of a native reference, None where no candidate exists.

        Raises UnsafePath, and UnreadableMedia for a member of an archive that is not what the archive tells, or where
        nothing is found beside an archive that cannot be read.
        """
        if "\0" in ref:
            raise UnsafePath(type, "the media path holds a null character")
        escaped = tried = False
        leaves = _leaves(ref)
        named: tuple[str, str] | None = None
        number: str | None = None
        limit = MAX_PICTURE if type == "image" else MAX_STREAM
        relative: str | None
        for root, candidate, slot in self._places[type]:
            if slot == "{ref}":
                relative = None if leaves else candidate.replace("{ref}", ref)
            elif slot == "{coco}":
                number = _coco(ref) if number is None else number
                relative = number and candidate.replace("{coco}", number)
            else:
                named = named or _named(ref)
                relative = candidate.replace("{name}", named[0]).replace("{stem}", named[1]) if named[0] else None
            if not relative:
                escaped |= relative is None
                continue
            tried = True
            if (found := root.find(relative, ref, limit)) is not None:
                return found
        if escaped and not tried:
            raise UnsafePath(type, f"the media path {ref!r} leaves its root; media are only read below the roots given")
        for root in self._roots[type]:
            if root.faults():
                faults = [fault for root in self._roots[type] for fault in root.faults()]
                raise UnreadableMedia(f"not found, but not all archives could be read: {'; '.join(faults[:3])}")
        return None

    def fingerprint(self) -> str:
        """Hash over (path, size, mtime) of every file of every root: changes whenever a medium does."""
        digest = hashlib.sha256()
        for name in sorted(self.folders):
            digest.update(name.encode())
            for path, size, mtime in open_root(name, self.folders[name]).files():
                digest.update(f"{path}\0{size}\0{mtime}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()


_COCO_NUMBER = re.compile(r"(?:^|[/\\_])(\d{12})(?:\.jpg)?$")


def _slot(candidate: str) -> str:
    """Which part of a reference a candidate takes."""
    return next((slot for slot in ("{ref}", "{coco}") if slot in candidate), "")


def _coco(ref: str) -> str:
    """The number of COCO's picture that a reference names, "" where there is none."""
    number = _COCO_NUMBER.search(ref)
    return number[1] if number else ""


def _leaves(ref: str) -> bool:
    """Whether a reference taken as a path would leave the folder that it is put in."""
    if ref.startswith(("/", "\\")) or ref[1:2] == ":":
        return True
    return ".." in ref and ".." in ref.replace("\\", "/").split("/")


def _named(ref: str) -> tuple[str, str]:
    """The last part of a reference, and that without its extension; empty where it has none."""
    name = ref.rpartition("/")[2]
    if name in ("", ".", "..") or "\\" in ref:
        name = PurePosixPath(ref.replace("\\", "/")).name
    dot = name.rfind(".")
    return ("", "") if name == ".." else (name, name[:dot] if 0 < dot < len(name) - 1 else name)
