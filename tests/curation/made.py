"""Samples and shards for the tests of this folder."""

from pathlib import Path

from vlit_hub.schema import Message, Part, Sample
from vlit_hub.shards import ShardWriter


def sample(*turns: str, dataset: str = "tests", **more) -> Sample:
    """User and assistant in turn."""
    roles = ("user", "assistant") * len(turns)
    messages = [Message(role=role, content=[Part(text=text)]) for role, text in zip(roles, turns, strict=False)]
    return Sample(messages=messages, dataset=dataset, subset="default", split="train", **more)


def write(folder: Path, samples: list[Sample], max_samples: int = 10_000) -> Path:
    """All samples of each dataset, in the order given."""
    for dataset in dict.fromkeys(made.dataset for made in samples):
        with ShardWriter(folder, dataset, "default", "train", max_samples=max_samples) as writer:
            for made in samples:
                if made.dataset == dataset:
                    writer.write(made)
    return folder
