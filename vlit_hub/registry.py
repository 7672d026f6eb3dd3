"""Datasets by name, found through the entry-point group ``vlit_hub.datasets``.

An entry point names a package whose modules each hold a ``SPEC``, or a single module that does. Names are known from
the module names (underscores for hyphens) without importing them; ours come in by the same road as a third party's.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import logging
import pkgutil
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from vlit_hub.spec import DatasetSpec

GROUP = "vlit_hub.datasets"
log = logging.getLogger("vlit_hub")


class UnknownDataset(KeyError):
    """No script of that name; the message gives the nearest names."""

    def __str__(self) -> str:
        return str(self.args[0])


@cache
def modules() -> dict[str, str]:
    """Dataset name -> module that holds its SPEC. A name that two packages claim is an error naming both."""
    found: dict[str, str] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name != "builtin", point.name)):
        for module in _modules_of(point):
            name = module.rpartition(".")[2].replace("_", "-")
            if found.setdefault(name, module) != module:
                raise ValueError(f"dataset {name} is registered twice: {found[name]} and {module}")
    return found


def _modules_of(point: EntryPoint) -> list[str]:
    try:
        spec = importlib.util.find_spec(point.value)
    except ImportError:
        spec = None
    if spec is None:  # one broken package must not take the others' datasets away
        log.warning("entry point %s of %s names %s, which is not installed: left out", point.name, GROUP, point.value)
        return []
    if spec.submodule_search_locations is None:
        return [point.value]
    inner = pkgutil.iter_modules(list(spec.submodule_search_locations))
    return sorted(f"{point.value}.{info.name}" for info in inner if not info.name.startswith("_") and not info.ispkg)


def names() -> list[str]:
    """All registered names, sorted."""
    return sorted(modules())


def get(name: str) -> DatasetSpec:
    """The spec of a dataset; raises UnknownDataset with the nearest names."""
    wanted = name.removeprefix("vlit/")
    if wanted not in modules():
        near = difflib.get_close_matches(wanted, names(), n=3, cutoff=0.4)
        hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(names())}"
        raise UnknownDataset(f"no dataset {wanted!r}; {hint}")
    spec = getattr(importlib.import_module(modules()[wanted]), "SPEC", None)
    if not isinstance(spec, DatasetSpec):
        raise UnknownDataset(f"{modules()[wanted]} holds no SPEC; names of helper modules begin with an underscore")
    if spec.name != wanted:
        raise ValueError(f"{modules()[wanted]} holds the SPEC of {spec.name!r}; name the file after it")
    return spec


def source(spec: DatasetSpec) -> Path:
    """The script file of a spec."""
    file = importlib.import_module(modules()[spec.name]).__file__
    assert file is not None
    return Path(file)
