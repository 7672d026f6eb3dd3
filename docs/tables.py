"""Write the tables that come from code: the datasets in README.md, the schema in docs/SCHEMA.md.

``python docs/tables.py`` writes them; a test fails where they are not current.
"""

from __future__ import annotations

import re
from pathlib import Path

from vlit_hub import schema
from vlit_hub.cli.list_ import rows

REPO = Path(__file__).parents[1]
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
        cells = (f"`{row['name']}`", row["title"], ", ".join(words), row["licence"], row["size"], row["released"])
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


PAGES = {"README.md": readme, "docs/SCHEMA.md": schema_page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (REPO / name).write_text(make(), encoding="utf-8")
