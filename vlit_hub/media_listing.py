"""The plain files of a folder that is asked for again and again, listed once: a look-up then is no system call."""

from __future__ import annotations

import os
from itertools import islice

ASKS = 32
"""Look-ups in a folder before it is listed."""
NAMES = 1 << 19
"""Names that the listings of a root hold together (about 50 MB); folders beyond are asked file by file."""


class Listing:
    """What lies in the folders of a root, as it was when each was listed."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._asked: dict[str, int] = {}
        self._plain: dict[str, set[str]] = {}
        """Folder -> the names of its regular files."""
        self._other: dict[str, set[str]] = {}
        """Folder -> its other names: links, folders."""
        self._room = NAMES

    def has(self, folder: str, name: str) -> bool | None:
        """Whether a regular file, no link, has that name in a folder; None where only the file system can tell.

        ``folder``: relative to the root, "" for itself.
        """
        plain = self._plain.get(folder)
        if plain is not None:
            return name in plain or (None if name in self._other[folder] else False)
        if self._room:
            asked = self._asked[folder] = self._asked.get(folder, 0) + 1
            if asked == ASKS and self._list(folder):
                return self.has(folder, name)
        return None

    def _list(self, folder: str) -> bool:
        """List a folder, unless it is too large, cannot be read or is reached by a link out of the root."""
        path, root = os.path.realpath(os.path.join(self._root, folder)), os.path.realpath(self._root)
        plain, other = set[str](), set[str]()
        try:
            if os.path.commonpath([root, path]) != root:
                return False
            with os.scandir(path) as entries:
                for entry in islice(entries, self._room):
                    (plain if entry.is_file(follow_symlinks=False) else other).add(entry.name)
                if next(entries, None):
                    self._room = 0
                    return False
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (OSError, ValueError):
            return False
        self._room -= len(plain) + len(other)
        self._plain[folder], self._other[folder] = plain, other
        return True
