"""Write the pages that come from code: the datasets in README.md, one page each, docs/SCHEMA.md, docs/FAMILIES.md.

``python docs/tables.py`` writes them; a test fails where they are not current.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from vlit_hub import registry, schema
from vlit_hub.cli.list_ import rows
from vlit_hub.spec import HUB, DatasetSpec

REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))  # for tests.rows
STRUCTS = (schema.Sample, schema.Message, schema.Part, schema.Region, schema.Mask, schema.Span, schema.Media)
SETS = {
    "task": schema.TASKS,
    "instruction_type": schema.INSTRUCTION_TYPES,
    "ability": schema.ABILITIES,
    "message role": schema.ROLES,
    "part type": schema.PART_TYPES,
    "region kind": schema.REGION_KINDS,
    "region frame": schema.FRAMES,
    "span kind": schema.SPAN_KINDS,
}


def datasets_table() -> str:
    """The datasets as a Markdown table."""
    lines = ["| name | dataset | category | licence | size | released |", "|---|---|---|---|---|---|"]
    for row in rows():
        words = [word for key in ("scope", "construction", "target") for word in row[key] if word != "none"]
        cells = (
            f"[`{row['name']}`](docs/datasets/{row['name']}.md)",
            row["title"],
            ", ".join(words),
            row["licence"],
            row["size"],
            row["released"],
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def readme() -> str:
    """README.md with its table made anew."""
    text = (REPO / "README.md").read_text(encoding="utf-8")
    block = f"<!-- datasets: docs/tables.py -->\n{datasets_table()}\n<!-- end -->"
    made, count = re.subn(r"<!-- datasets: docs/tables.py -->.*?<!-- end -->", lambda _: block, text, flags=re.DOTALL)
    assert count == 1, "README.md has lost the marks of its table"
    return made


def schema_page() -> str:
    """docs/SCHEMA.md."""
    lines = ["# The schema\n", "Made by docs/tables.py from vlit_hub/schema.py.\n"]
    for struct in STRUCTS:
        summary = (struct.__doc__ or "").splitlines()[0]
        lines += [f"\n## {struct.__name__}\n", f"{summary}\n", "| field | meaning |", "|---|---|"]
        lines += [f"| {name} | {meaning} |" for name, meaning in schema.describe(struct)]
    for name, values in SETS.items():
        lines += [f"\n## Values of {name}\n", "| value | meaning |", "|---|---|"]
        lines += [f"| {value} | {meaning} |" for value, meaning in values.items()]
    return "\n".join(lines) + "\n"


def families_page() -> str:
    """docs/FAMILIES.md: what each model family can say and share, and why a sample is dropped."""
    from vlit_hub.processing import FAMILIES, REASONS

    lines = [
        "# Model families\n",
        "Made by docs/tables.py from vlit_hub/processing/families. A sample that a family cannot say is dropped under "
        "one of the reasons below, and counted.\n",
        "| family | native processor | dialect of boxes | dialogues | videos | packs | shares pictures | why not |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for family in FAMILIES.values():
        yes = {True: "yes", False: "no"}
        cells = (
            family.name,
            ", ".join(family.processors),
            family.dialect,
            _said(family.says),
            "own tokens" if family.videos else "frames as pictures" if family.says.most_pictures is None else "no",
            yes[family.packs],
            yes[family.shares_pictures],
            family.why_not,
        )
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["\n## Why a sample is dropped\n", "| reason | meaning |", "|---|---|"]
    lines += [f"| {reason} | {meaning} |" for reason, meaning in REASONS.items()]
    return "\n".join(lines) + "\n"


def _said(says: Any) -> str:
    """The dialogues of a family in words."""
    words = [
        "any number of pictures" if says.most_pictures is None else f"at most {says.most_pictures} picture",
        "" if says.pictures_anywhere else "in the first question",
        "several turns" if says.several_turns else "one question and its answer",
        "system turns" if says.system else "no system turn",
    ]
    return ", ".join(word for word in words if word)


def dataset_page(name: str) -> str:
    """docs/datasets/<name>.md: the facts of one dataset, its files, and how to get them."""
    spec = registry.get(name)
    facts = {
        "paper": f"{spec.paper}"
        + (f" ([arXiv {spec.arxiv}](https://arxiv.org/abs/{spec.arxiv}))" if spec.arxiv else ""),
        "year": str(spec.year),
        "home": spec.homepage,
        "Hub": spec.hub_id,
        "survey's category": spec.survey_category,
        "taxonomy": "; ".join(
            f"{key}: {', '.join(words)}" for key, words in asdict(spec.taxonomy).items() if words != ("none",)
        ),
        "licence": spec.licence,
        "licence as stated": spec.licence_stated,
        "terms": "; ".join(spec.terms),
        "modalities": ", ".join(spec.modalities),
        "languages": ", ".join(spec.languages),
        "picture sources": "; ".join(spec.picture_sources),
        "generator": spec.generator,
        "size": (spec.size or "not stated") + (f" ({spec.size_source})" if spec.size_source else ""),
        "released": spec.released,
        "read instead": spec.substitute,
    }
    lines = [
        f"# {spec.title}\n",
        "Made by docs/tables.py from the dataset's script.\n",
        "| fact | value |",
        "|---|---|",
    ]
    lines += [f"| {key} | {_cell(value)} |" for key, value in facts.items() if value]
    lines += ["\n## Files\n", spec.obtain, "\n| subset | split | files |", "|---|---|---|"]
    for entry in spec.files:
        files = " or ".join(" + ".join(f"`{pattern}`" for pattern in choice) for choice in entry.alternatives)
        lines.append(f"| {entry.subset} | {entry.split} | {_cell(files)} |")
    return (
        "\n".join(
            [*lines, *_roots(spec), *_download(spec), *_columns(spec), "\n## Use\n", "```python", *_use(spec), "```"]
        )
        + "\n"
    )


def _roots(spec: DatasetSpec) -> list[str]:
    roots = sorted({rule.root for rule in spec.media})
    return [f"\nMedia roots: {', '.join(f'`{root}`' for root in roots)}."] if roots else []


def _download(spec: DatasetSpec) -> list[str]:
    places = [f"{HUB}{spec.hub_id}"] if spec.hub_id else []
    places += [address for address in spec.download if address.partition("#")[0] not in places]
    if not places:
        return ["\n`vlit download` fetches none of it: follow the sentences above."]
    return [f"\n`vlit download {spec.name} --raw RAW` looks in:\n", *(f"- `{place}`" for place in places)]


def _columns(spec: DatasetSpec) -> list[str]:
    """The columns that the hand-written rows of tests/rows fill, with the values of the closed vocabularies."""
    expected = importlib.import_module(f"tests.rows.{spec.name.replace('-', '_')}").EXPECTED
    samples = [sample for splits in expected.values() for rows in splits.values() for sample in rows]
    filled: dict[str, set[str]] = {"messages": set()}
    for sample in samples:
        for key in sample.keys() - {"id", "group", "messages", "media", "tool_calls", "meta"}:
            filled.setdefault(key, set())
        for medium in sample["media"]:
            filled |= {schema.COLUMNS[medium[0]]: set(), "media": set()}
        for key in ("task", "instruction_type", "ability", "language"):
            filled.setdefault(key, set()).add(sample.get(key, "en" if key == "language" else "none"))
        for key in ("regions", "spans"):
            filled.setdefault(key, set()).update(part[0] for part in sample.get(key, ()))
    if spec.meta_keys:
        filled["meta"] = set(spec.meta_keys)
    order = [name for name in schema.hints(schema.Sample) if name in filled]
    lines = [f"| {name} | {', '.join(sorted(filled[name] - {'none'}))} |" for name in order]
    empty = {f"| {name} |  |" for name in ("instruction_type", "ability", "regions", "spans")}
    return ["\n## Columns\n", "Beside id, group, dataset, subset and split, by the rows of tests/rows:\n",
            "| column | values |", "|---|---|", *(line for line in lines if line not in empty)]  # fmt: skip


def _use(spec: DatasetSpec) -> list[str]:
    options = "".join(f", options={{{name!r}: {value!r}}}" for name, value in spec.options.items())
    return ["import vlit_hub", "from datasets import load_dataset", "",
            f'load_dataset("vlit/{spec.name}", data_dir=RAW{options})']  # fmt: skip


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def pages() -> dict[str, Callable[[], str]]:
    """Page -> what makes it."""
    each = {f"docs/datasets/{name}.md": partial(dataset_page, name) for name in registry.names()}
    return {"README.md": readme, "docs/SCHEMA.md": schema_page, "docs/FAMILIES.md": families_page, **each}


if __name__ == "__main__":
    (REPO / "docs" / "datasets").mkdir(exist_ok=True)
    for name, make in pages().items():
        (REPO / name).write_text(make(), encoding="utf-8")
