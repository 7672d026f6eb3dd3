"""What of a tuned model's folder is published: safetensors, processor, adapter, reports and card."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

KEPT_BACK = re.compile(r"checkpoints|checkpoint-\d+|\..*")
"""Folders that stay."""
PICKLED = (".bin", ".pt", ".pth", ".pkl")
"""Suffixes that stay: weights go as safetensors."""
ADAPTER = "adapter_config.json"
WEIGHTS = "*.safetensors"
SHARD_SIZE = "5GB"
"""Of the weights of a merged model, a file."""


def refuse_other(folder: Path) -> None:
    """Raise ValueError for a folder that holds no model."""
    if not any((folder / name).is_file() for name in ("config.json", ADAPTER)):
        raise ValueError(
            f"{folder} holds neither shards (manifest.json) nor a model (config.json, adapter_config.json)"
        )


def stage_model(folder: Path, ready: Path) -> None:
    """Link into the new folder ``ready`` what a model repository holds: no checkpoints, nothing pickled.

    A folder with ``adapter_config.json`` is an adapter. Raises ValueError for a folder that holds no model, one without
    safetensors, or one without a card.
    """
    refuse_other(folder)
    if not (folder / "README.md").is_file():
        raise ValueError(f"{folder} has no card; `vlit card {folder} --data SHARDS` writes it")
    if not any(folder.glob(WEIGHTS)):
        raise ValueError(f"{folder} has no {WEIGHTS}: save the model with save_pretrained")
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        kept = any(KEPT_BACK.fullmatch(name) for name in relative.parts[:-1])
        if path.is_file() and not path.is_symlink() and not kept and path.suffix not in PICKLED:
            target = ready / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                target.hardlink_to(path)
            except OSError:  # another file system
                shutil.copyfile(path, target)


def stage_merged(folder: Path, ready: Path) -> None:
    """As stage_model, for an adapter: its base model with the adapter's weights added, and no adapter beside it.

    Raises ValueError where the folder holds no adapter.
    """
    config = folder / ADAPTER
    if not config.is_file():
        raise ValueError(f"{folder} has no {ADAPTER}: only an adapter can be merged")
    from peft import PeftModel
    from transformers import AutoModelForImageTextToText

    stage_model(folder, ready)
    for pattern in ("adapter_*", WEIGHTS, "config.json", "generation_config.json", "*.index.json"):
        for path in ready.glob(pattern):  # links: what is saved below must not be written through them
            path.unlink()
    base = AutoModelForImageTextToText.from_pretrained(json.loads(config.read_bytes())["base_model_name_or_path"])
    merged = PeftModel.from_pretrained(base, folder).merge_and_unload()
    merged.save_pretrained(ready, max_shard_size=SHARD_SIZE)
