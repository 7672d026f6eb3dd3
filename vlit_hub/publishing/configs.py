"""The loadable configs of a published folder, and the YAML metadata by which ``load_dataset`` and viewers find them.

``datasets`` 5.2 takes one loader for a whole repository, from the files of its first config (load.py,
``infer_module_for_data_files``). Tars beside parquet can therefore be no config of their own: naming them as one
makes ``load_dataset(repo, "webdataset")`` and the viewer read tars as parquet. Their features stand under
``dataset_info`` all the same, and the card says how to load them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from datasets import DatasetInfo, Features, SplitDict, SplitInfo

from vlit_hub.publishing.facts import DatasetFacts
from vlit_hub.publishing.licences import hub_licence
from vlit_hub.shards.manifest import Manifest, Split

Form = Literal["parquet", "webdataset", "chat"]

TASK_CATEGORIES: dict[str, str] = {
    "conversation": "image-text-to-text",
    "description": "image-to-text",
    "caption": "image-to-text",
    "reasoning": "visual-question-answering",
    "vqa": "visual-question-answering",
    "multiple_choice": "visual-question-answering",
    "yes_no": "visual-question-answering",
    "counting": "visual-question-answering",
    "classification": "image-classification",
    "ocr": "image-to-text",
    "document_qa": "document-question-answering",
    "referring": "object-detection",
    "region_description": "image-to-text",
    "grounded_conversation": "image-text-to-text",
    "grounded_caption": "image-to-text",
    "detection": "object-detection",
    "segmentation": "image-segmentation",
    "comparison": "image-text-to-text",
    "storytelling": "image-to-text",
    "visual_dialog": "image-text-to-text",
    "in_context": "image-text-to-text",
    "video_qa": "video-text-to-text",
    "video_caption": "video-text-to-text",
    "audio_qa": "audio-text-to-text",
    "audio_caption": "audio-text-to-text",
    "point_cloud_qa": "other",
    "point_cloud_caption": "other",
    "generation": "text-to-image",
    "editing": "image-to-image",
    "tool_use": "image-text-to-text",
    "planning": "robotics",
    "feedback": "image-text-to-text",
    "hallucination_detection": "image-text-to-text",
    "instruction_following": "text-generation",
    "other": "other",
}
"""Task of the schema -> task category of the Hub."""

SIZES = ((10**3, "1K"), (10**4, "10K"), (10**5, "100K"), (10**6, "1M"), (10**7, "10M"), (10**8, "100M"), (10**9, "1B"))


@dataclass(frozen=True)
class ConfigSplit:
    """One split of a config: a glob of its files, relative to the folder; samples, files and bytes on disk."""

    split: str
    pattern: str
    samples: int
    files: int
    bytes: int


@dataclass(frozen=True)
class Config:
    """One way to read the folder. ``features``: as ``datasets.Features.to_dict()`` gives them."""

    name: str
    form: Form
    splits: tuple[ConfigSplit, ...]
    features: dict[str, Any]

    def __post_init__(self) -> None:
        # Viewers open the first split.
        object.__setattr__(self, "splits", tuple(sorted(self.splits, key=lambda entry: entry.split != "train")))

    @property
    def samples(self) -> int:
        return sum(split.samples for split in self.splits)


def names(splits: Sequence[Split]) -> dict[tuple[str, str], str]:
    """(dataset, subset) -> config name: the subset, or ``<dataset>[-<subset>]`` where datasets share a folder."""
    keys = list(dict.fromkeys((split.dataset, split.subset) for split in splits))
    if len({dataset for dataset, _ in keys}) == 1:
        return {key: key[1] for key in keys}
    return {key: key[0] if key[1] == "default" else "-".join(key) for key in keys}


def prefixed(prefix: str, name: str, known: Sequence[str]) -> str:
    """The config of another form: ``prefix`` for the default one, ``<prefix>-<name>`` for the rest."""
    return prefix if name == default_of(known) else f"{prefix}-{name}"


def default_of(known: Sequence[str]) -> str:
    """``default`` where there is one, else the first."""
    return "default" if "default" in known else known[0]


def tar_configs(manifest: Manifest, folder: str) -> list[Config]:
    """One config per (dataset, subset) over the tars in ``folder`` (relative; empty: beside the card)."""
    known = names(manifest.splits)
    found = []
    for key, name in known.items():
        splits = tuple(
            ConfigSplit(
                split.split,
                f"{folder}/{split.prefix}-??????.tar".lstrip("/"),
                split.samples,
                len(split.shards),
                split.bytes,
            )
            for split in manifest.splits
            if (split.dataset, split.subset) == key and split.samples
        )
        if splits:
            found.append(Config(prefixed("webdataset", name, list(known.values())), "webdataset", splits,
                                manifest.features))  # fmt: skip
    return found


def metadata(facts: DatasetFacts, configs: Sequence[Config], title: str) -> dict[str, Any]:
    """The YAML metadata of a dataset card."""
    return {
        "pretty_name": title,
        **hub_licence(facts.parts),
        "task_categories": sorted({TASK_CATEGORIES[task] for task in facts.labels["task"]}),
        "language": sorted({tag.split("-")[0] for tag in facts.labels["language"]}),
        "size_categories": [size_category(facts.total)],
        "tags": ["vision-language-instruction-tuning", "vlit_hub"],
        "configs": _loadable(configs),
        "dataset_info": [_info(config) for config in _described(configs)],
    }


def loadable(configs: Sequence[Config]) -> list[Config]:
    """Those that ``load_dataset(repo, name)`` can read: tars only where nothing else is there."""
    tables = [config for config in configs if config.form != "webdataset"]
    return tables or list(configs)


def _described(configs: Sequence[Config]) -> list[Config]:
    """Those whose features the metadata tells: what can be loaded, and the tars beside it once (all have the same)."""
    found = loadable(configs)
    return found + [config for config in configs if config not in found][:1]


def _loadable(configs: Sequence[Config]) -> list[dict[str, Any]]:
    found = loadable(configs)
    default = default_of([config.name for config in found]) if found else ""
    return [
        {
            "config_name": config.name,
            **({"default": True} if config.name == default != "default" else {}),
            "data_files": [{"split": split.split, "path": split.pattern} for split in config.splits],
        }
        for config in found
    ]


def _info(config: Config) -> dict[str, Any]:
    splits = SplitDict({s.split: SplitInfo(s.split, num_bytes=s.bytes, num_examples=s.samples) for s in config.splits})
    size = sum(split.bytes for split in config.splits)
    info = DatasetInfo(
        features=Features.from_dict(config.features), splits=splits, download_size=size, dataset_size=size
    )
    return {"config_name": config.name, **info._to_yaml_dict()}


def size_category(samples: int) -> str:
    """The Hub's class of size."""
    lower = ""
    for limit, label in SIZES:
        if samples < limit:
            return f"{lower}<n<{label}" if lower else f"n<{label}"
        lower = label
    return f"n>{lower}"
