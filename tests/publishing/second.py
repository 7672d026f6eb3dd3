"""A second environment: the packages of this one without vlit_hub. Built of links; nothing is downloaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import datasets


def build(folder: Path) -> Path:
    """The Python of an environment in ``folder`` in which vlit_hub cannot be imported."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    [site] = folder.glob("lib/python3*/site-packages")
    for entry in Path(datasets.__file__).parents[1].iterdir():
        ours = entry.name.lower().replace("-", "_")
        if not (entry.suffix == ".pth" or "vlit_hub" in ours or "__editable__" in ours):
            (site / entry.name).symlink_to(entry)
    python = folder / "bin" / "python"
    done = subprocess.run([python, "-c", "import vlit_hub"], cwd=folder, env=plain(folder), capture_output=True)
    assert b"No module named 'vlit_hub'" in done.stderr
    return python


def plain(home: Path, **more: str) -> dict[str, str]:
    """An environment without our paths and tokens, with its own HF_HOME."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "HF_", "VIRTUAL_ENV"))}
    return {**kept, "HF_HOME": str(home / "hf"), **more}


def run(python: Path | str, command: list[str], folder: Path, **more: str) -> str:
    """Standard output of a run in the second environment."""
    done = subprocess.run(
        [str(python), *command], cwd=folder, env=plain(folder, **more), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
