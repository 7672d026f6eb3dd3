"""Tiny random models of real architectures with their native processors, built offline; for tests only.

One module per family, picked up by name: ``build(corpus=(), *, hidden=32, seed=0, ...)`` gives (model, native
processor), ``TEMPLATE`` is the chat template of the native processor, ``STOP`` what it writes after an answer,
``REGIONS`` are the answers of the sample "regions" (tests/processing/samples.py) in the family's dialect.
``corpus``: more text for the tokenizer to learn its words from.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

MODULES = {found.name: import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)}
BUILDERS = {name: module.build for name, module in MODULES.items() if "build" in vars(module)}
"""Family name -> ``build``."""


@cache
def tiny(family: str) -> tuple[Any, Any]:
    """(model, native processor); shared, so nobody may change them."""
    return BUILDERS[family]()
