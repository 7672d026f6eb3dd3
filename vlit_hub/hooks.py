"""Run something right after a library's module is imported, or now if it already is. Used by ``import vlit_hub``."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

Action = Callable[[ModuleType], object]


def after_import(module: str, action: Action) -> None:
    """Call ``action(module)`` once ``module`` is executed: at once where it is loaded. Again for the same: nothing."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        action(loaded)
    elif not any(isinstance(finder, _Finder) and finder.module == module for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder(module, action))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module as everybody else does, and adds the action to its execution."""

    def __init__(self, module: str, action: Action) -> None:
        self.module = module
        self.action = action

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self.action(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
