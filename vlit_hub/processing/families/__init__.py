"""Model families. The folder is the registry: a module with a ``FAMILY`` is one, a new family is a new module."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from transformers import PreTrainedConfig, ProcessorMixin

from vlit_hub.processing.families.base import (
    Family,
    FamilyError,
    Picture,
    Pixels,
    Size,
    UnknownFamily,
    Videos,
    Window,
)

_MODULES = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
FAMILIES: dict[str, Family] = {module.FAMILY.name: module.FAMILY for module in _MODULES if "FAMILY" in vars(module)}
"""Family name -> row."""


def family_of(thing: PreTrainedConfig | ProcessorMixin) -> Family:
    """The family of a model configuration (by ``model_type``) or of a native processor (by class name).

    Raises UnknownFamily naming the known ones.
    """
    if isinstance(thing, PreTrainedConfig):
        what = f"model type {thing.model_type!r}"
        found = [family for family in FAMILIES.values() if thing.model_type in family.model_types]
    else:
        what = f"processor {type(thing).__name__}"
        names = {cls.__name__ for cls in type(thing).__mro__}
        found = [family for family in FAMILIES.values() if names & set(family.processors)]
    if not found:
        known = "; ".join(f"{family.name} ({', '.join(family.processors)})" for family in FAMILIES.values())
        raise UnknownFamily(f"no family for {what}; known: {known}")
    return found[0]


__all__ = [
    "FAMILIES",
    "Family",
    "FamilyError",
    "Picture",
    "Pixels",
    "Size",
    "UnknownFamily",
    "Videos",
    "Window",
    "family_of",
]
