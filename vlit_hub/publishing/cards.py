"""Dataset and model cards: measured facts, each with the command that measures it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from vlit_hub.curation.columns import Work, read
from vlit_hub.curation.indicator import PRINCIPLES, chosen
from vlit_hub.curation.summary import Figure, summarise
from vlit_hub.publishing.configs import Config, loadable, metadata, tar_configs
from vlit_hub.publishing.examples import Example
from vlit_hub.publishing.facts import DatasetFacts, Spread, dataset_facts
from vlit_hub.publishing.licences import CONSEQUENCES, mixture
from vlit_hub.publishing.model_card import model_card
from vlit_hub.publishing.rendering import REPO, card, render
from vlit_hub.regions import DIALECTS
from vlit_hub.shards import Store
from vlit_hub.shards import manifest as manifests

__all__ = ["dataset_card", "model_card", "shards_card"]

COMMAND = "python -m vlit_hub.publishing.facts"


@dataclass(frozen=True)
class Table:
    """One measured table of the card."""

    title: str
    section: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: str = ""


def dataset_card(
    facts: DatasetFacts,
    configs: Sequence[Config] = (),
    *,
    title: str = "",
    note: str = "",
    repo_id: str = "",
    dialect: str = "",
    left_out: Mapping[str, Mapping[str, int]] | None = None,
    examples: Sequence[Example] = (),
    figures: Sequence[Figure] = (),
) -> str:
    """README.md of a dataset repository whose configs are ``configs`` (none: nothing is said of loading).

    ``title``: the datasets' titles by default. ``note``: a paragraph on top, for what sets this copy apart from the
    release. ``repo_id``: the Hub repository that the loading code names. ``left_out``: samples that the chat form of
    ``dialect`` cannot say, config of the subset -> reason -> count. ``examples``: pictures beside the card
    (examples.py). ``figures``: the side columns summed up (``measured``).
    """
    title = title or titles(facts)
    tars = [config for config in configs if config.form == "webdataset"]
    readable = loadable(configs)
    folder = "shards" if tars and readable != tars else "SHARDS"
    body = render(
        "dataset.md.jinja",
        facts=facts,
        title=title,
        note=note,
        several=len(facts.parts) > 1,
        tables=tables(facts),
        command=lambda section: f"Command: `{COMMAND} {folder} {section}`.",
        shards=folder,
        where=" in a copy of this repository" if folder == "shards" else " (SHARDS: the folder of the tars)",
        withheld=facts.withheld,
        licences=mixture(facts.parts),
        meanings=CONSEQUENCES,
        configs=configs,
        croissant=any(config.form != "webdataset" for config in configs),
        readable=readable,
        tars=tars if readable != tars else [],
        repo=repo_id or REPO,
        dialect=dialect,
        dialect_words=_dialect_words(dialect),
        left_out=left_out or {},
        examples=examples,
        figures=[_figure(figure) for figure in figures if figure.spoken],
        principles=PRINCIPLES,
        rebuild=partial(_rebuild, facts),
    )
    return card(metadata(facts, configs, title), body)


def shards_card(shards_dir: str | Path, *, title: str = "", note: str = "", repo_id: str = "") -> str:
    """The card of a folder of shards as it is: facts measured now, configs over its tars."""
    folder = Path(shards_dir)
    configs = tar_configs(manifests.load(folder), "")
    figures = measured(Store(folder))
    return dataset_card(dataset_facts(folder), configs, title=title, note=note, repo_id=repo_id, figures=figures)


def titles(facts: DatasetFacts) -> str:
    """The datasets' titles."""
    return " + ".join(part.title for part in facts.parts)


def measured(store: Store) -> list[Figure]:
    """The indicators of a folder where `vlit quality` has computed them all; else none."""
    work = Work(store, tuple(made.name for made in chosen()))
    if not all(unit.path.exists() for unit in work.units()):
        return []
    return summarise(read(work), work.indicators)


def tables(facts: DatasetFacts) -> list[Table]:
    """The measured tables of a dataset card, in order."""
    spread = ("", "of", "least", "median", "95th percentile", "most")
    samples = [("with regions", "with_regions"), ("with unresolved regions", "with_unresolved_regions"),
               ("with missing media", "with_missing_media"), ("without media", "without_media")]  # fmt: skip
    return [
        Table("Texts", "text", spread, _spreads(facts.text, {
            "messages": "messages per sample", "sample": "characters per sample",
            "user": "characters per user message", "assistant": "characters per assistant message"}),
            "Percentiles by nearest rank."),
        Table("Pictures", "pictures", spread, _spreads(facts.pictures, {
            "per_sample": "pictures per sample, missing ones too", "width": "width, pixels",
            "height": "height, pixels"}), "Sizes of all pictures whose size is known, each as often as it is used."),
        *(
            Table(heading, "labels", (name.replace("_", " "), "samples"), _counts(facts.labels[name]))
            for name, heading in (("task", "Tasks"), ("instruction_type", "Instruction types"),
                                  ("ability", "Abilities"), ("language", "Languages"))
        ),
        Table("Regions", "regions", ("kind", "regions"), _counts(facts.regions)),
        Table("Spans", "spans", ("kind", "spans"), _counts(facts.spans)),
        Table("Samples", "samples", ("", "samples"), tuple((text, _n(facts.samples[key])) for text, key in samples),
              "Unresolved: in pixels of a picture of unknown size. Missing media: not in this copy."),
        Table("Media", "media", ("type", "present", "missing", "withheld"),
              tuple((kind, *map(_n, counts.values())) for kind, counts in facts.media.items()),
              "Missing: not found when the shards were built. Withheld: found, and not passed on."),
    ]  # fmt: skip


def _figure(figure: Figure) -> tuple[str, ...]:
    """One row: dataset, principle, what, samples it speaks of, value, interval or evenness."""
    if figure.mean:
        mean = figure.mean
        value, spread = f"{mean.value:.4g}", f"{mean.low:.4g} to {mean.high:.4g} (95 %, by group)"
    else:
        value = f"{figure.top} ({100 * (figure.top_share or 0):.1f} %)"
        spread = "" if figure.entropy is None else f"evenness {figure.entropy:.3f}"
    return figure.dataset, figure.principle, f"{figure.column}: {figure.what}", _n(figure.spoken), value, spread


def _spreads(found: Mapping[str, Spread], labels: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (text, *map(_n, (found[key].count, found[key].least, found[key].median, found[key].p95, found[key].most)))
        for key, text in labels.items()
        if found[key].count
    )


def _counts(found: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:
    return tuple((key, _n(count)) for key, count in found.items())


def _rebuild(facts: DatasetFacts, name: str) -> list[str]:
    """The commands that build a dataset's splits again, one each; by the splits where no build was reported."""
    builds = [build for build in facts.builds if build["name"] == name]
    builds = builds or [asdict(split) for split in facts.splits if split.dataset == name]
    found = []
    for build in builds:
        options = [word for key, value in build.get("options", {}).items() for word in ("--option", f"{key}={value}")]
        command = ["vlit", "build", name, "--raw", "RAW", "--out", "SHARDS"]
        found.append(shlex.join([*command, "--subset", build["subset"], "--split", build["split"], *options]))
    return found


def _n(number: int) -> str:
    return f"{number:,}"


def _dialect_words(dialect: str) -> str:
    if dialect and DIALECTS[dialect].frame in ("pixel", "resized"):
        return (
            ", in pixels of the pictures as they are published: a processor that resizes them makes the numbers wrong"
        )
    return ""
