"""What of a tuned model's folder is published."""

from __future__ import annotations

from pathlib import Path

KEPT_BACK = ("checkpoints",)
"""Folders that stay."""
PICKLED = (".bin", ".pt", ".pth", ".pkl")
"""Suffixes that stay: weights go as safetensors."""


def stage_model(folder: Path, ready: Path) -> None:
    """Link into the new folder ``ready`` what a model repository holds: no checkpoints, nothing pickled.

    Raises ValueError for a folder that holds no model, or none with a card.
    """
    if not (folder / "config.json").is_file():
        raise ValueError(f"{folder} holds neither shards (manifest.json) nor a model (config.json)")
    if not (folder / "README.md").is_file():
        raise ValueError(f"{folder} has no card; `vlit card {folder} --data SHARDS` writes it")
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and relative.parts[0] not in KEPT_BACK and path.suffix not in PICKLED:
            target = ready / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(path)
