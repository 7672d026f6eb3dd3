"""A folder of shards as a folder ready to push: parquet, the tars as they are, plain chat, and the card.

data/<subset>/<split>-00000-of-000NN.parquet            every column of the schema, pictures embedded
chat-<dialect>/<subset>/<split>-...parquet              messages, images, tools, as TRL takes them
chat-<dialect>-completion/<subset>/<split>-...parquet   prompt, completion, images, tools
shards/                                                 tars, index and manifest: what Store opens
examples.jpg                                            pictures of the card, regions drawn
croissant.json                                          Croissant metadata
README.md                                               the card
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from vlit_hub.publishing.cards import dataset_card, measured, titles
from vlit_hub.publishing.chat_form import chat_form
from vlit_hub.publishing.configs import Config, Form, tar_configs
from vlit_hub.publishing.croissant import write as write_croissant
from vlit_hub.publishing.examples import draw_examples
from vlit_hub.publishing.facts import DatasetFacts, dataset_facts, media_present, parts_of, texts
from vlit_hub.publishing.finished import Finished
from vlit_hub.publishing.forms import parquet_form, tar_form
from vlit_hub.publishing.licences import check_media, consequence
from vlit_hub.regions import dialect as known_dialect
from vlit_hub.shards import Store
from vlit_hub.shards import manifest as manifests

MediaChoice = Literal["refuse", "references", "all"]
FORMS: tuple[Form, ...] = ("parquet", "webdataset")
OWNED = re.compile(
    r"data/[^/]+/[^/]+-\d{5}-of-\d{5}\.parquet"
    r"|croissant\.json|examples\.jpg"
    r"|shards/(manifest\.json|build\.json|[^/]+-\d{6}\.tar|index/[^/]+/(rows|media)\.npy)"
)
"""Paths that an export writes: what an earlier one left, globs would read beside ours."""


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    ``left_out``: config of the subset -> reason -> samples that the chat form cannot say. ``withheld``: dataset ->
    media that may not be passed on, with ``terms``, the reason.
    """

    folder: str
    configs: tuple[Config, ...]
    samples: int
    files: int
    bytes: int
    left_out: dict[str, dict[str, int]]
    withheld: dict[str, int]
    terms: dict[str, tuple[str, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, without the features."""
        found = asdict(self)
        for config in found["configs"]:
            del config["features"]
        return found


def export(
    shards_dir: str | Path,
    out: str | Path,
    *,
    forms: Sequence[Form] = FORMS,
    dialect: str | None = None,
    media: MediaChoice = "refuse",
    title: str = "",
    note: str = "",
    repo_id: str = "",
    resume: bool = False,
) -> ExportReport:
    """Write ``out``, a new folder ready to push, from a finished folder of shards.

    ``dialect`` adds the chat configs, regions written in it. ``media``: where media are there that may not be passed on
    (licences.py), ``refuse`` raises MayNotPass, ``references`` leaves them behind (texts and ``media.ref`` go), ``all``
    takes them along. ``title``, ``note`` and ``repo_id`` go to the card (cards.dataset_card).
    ``resume``: ``out`` may hold what an equal call had written when it was killed; finished splits stay.
    Memory is constant in the number of samples. Raises ValueError for an unknown form or dialect, FileExistsError
    where ``out`` holds anything, ShardError, UnknownDataset.
    """
    if unknown := set(forms) - {"parquet", "webdataset"}:
        raise ValueError(f"forms: {', '.join(sorted(unknown))}; allowed: parquet, webdataset (chat comes by dialect)")
    if dialect is not None:
        known_dialect(dialect)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not resume:
        raise FileExistsError(f"{folder} is not empty; export into a new folder")
    store = Store(shards_dir)
    terms = _kept_back(store, media)
    finished = Finished(folder if resume else None)
    configs = parquet_form(store, folder, terms, finished) if "parquet" in forms else []
    left_out: dict[str, dict[str, int]] = {}
    if dialect is not None:
        chat, left_out = chat_form(store, folder, terms, dialect, finished)
        configs += chat
    if "webdataset" in forms:
        tar_form(store, folder / "shards", terms)
        configs += tar_configs(manifests.load(folder / "shards"), "shards")
        facts = dataset_facts(folder / "shards")
    else:
        facts = dataset_facts(store.index.path, terms)
    card = dataset_card(
        facts, configs, title=title, note=note, repo_id=repo_id, dialect=dialect or "", left_out=left_out,
        examples=draw_examples(store, folder, terms), figures=measured(store),
    )  # fmt: skip
    if configs and configs[0].form != "webdataset":
        write_croissant(folder, facts, configs, title or titles(facts), repo_id or facts.parts[0].name)
    (folder / "README.md").write_text(card, encoding="utf-8")
    return _report(folder, configs, facts, left_out)


def _kept_back(store: Store, media: MediaChoice) -> dict[str, tuple[str, ...]]:
    """Dataset -> why its media stay behind; raises MayNotPass where that must be decided first."""
    found = [consequence(part) for part in parts_of(store.index.splits)]
    found = [part for part in found if part.media == "no" and media != "all"]
    if media == "refuse":
        bound = {part.part for part in found}
        holding = {
            split.dataset
            for number, split in enumerate(store.index.splits)
            if split.dataset in bound and any(media_present(sample) for sample in texts(store.index, number))
        }
        check_media(part for part in found if part.part in holding)
    return {part.part: part.kept_back for part in found}


def _report(
    folder: Path, configs: Sequence[Config], facts: DatasetFacts, left_out: dict[str, dict[str, int]]
) -> ExportReport:
    written = [path for path in folder.rglob("*") if path.is_file() and ".cache" not in path.relative_to(folder).parts]
    return ExportReport(
        folder=str(folder),
        configs=tuple(configs),
        samples=facts.total,
        files=len(written),
        bytes=sum(path.stat().st_size for path in written),
        left_out=left_out,
        withheld=facts.withheld,
        terms={part.name: consequence(part).kept_back for part in facts.parts if part.name in facts.withheld},
    )
