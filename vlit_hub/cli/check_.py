"""``vlit check NAME --raw DIR``: lint a raw release without building it."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from vlit_hub import registry
from vlit_hub.cli.common import Json, Raw, Roots, Subset, emit, listed, pairs, progress, roots, table, verb


@verb
def command(
    name: Annotated[str, typer.Argument(help="A name of `vlit list`.")],
    raw: Raw,
    subset: Subset = "",
    option: Annotated[list[str] | None, typer.Option("--option", help="NAME=VALUE of the script's options.")] = None,
    media_root: Roots = None,
    show: Annotated[int, typer.Option(help="Faults to list one by one.")] = 20,
    as_json: Json = False,
) -> int:
    """Read every record and name each fault by file, row, field and reason. Exit code 1 if a record is unusable."""
    from vlit_hub.release import Release
    from vlit_hub.shards.converted import reason_key

    release = Release(registry.get(name), raw, subset, roots(media_root), pairs(option, "--option"))
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    faults: list[dict[str, Any]] = []
    with progress(f"check {name}") as step:
        for split in release.files:
            for outcome in release.read(split):
                counts["records"] += 1
                counts["samples"] += len(outcome.samples)
                counts["missing_media"] += sum(s.images.count(None) for s in outcome.samples)
                counts["partial" if outcome.samples else "quarantined"] += bool(outcome.bad)
                stops = [(bad.field, bad.reason, True) for bad in outcome.bad]
                for field, reason, fatal in stops + [(f, r, False) for f, r in outcome.reports]:
                    reasons[reason_key(field, reason)] += 1
                    if len(faults) < show:
                        faults.append(
                            {"file": outcome.file, "row": outcome.row, "field": field, "reason": reason, "fatal": fatal}
                        )
                if counts["records"] % 1000 == 0:
                    step(split, counts["records"])
    found: dict[str, Any] = {
        "name": name, "subset": release.subset,
        **{key: counts[key] for key in ("records", "samples", "partial", "quarantined", "missing_media")},
        "absent": release.absent, "unread": release.unread, "reasons": dict(reasons.most_common()), "faults": faults,
    }  # fmt: skip
    if as_json:
        emit(found)
    else:
        keys = ("records", "samples", "partial", "quarantined", "missing_media")
        table(f"{name} in {raw}", ("count", "value"), ([key, found[key]] for key in keys), right=("value",))
        if faults:
            table(
                "faults",
                ("file", "row", "field", "reason"),
                ([f["file"], f["row"], f["field"], f["reason"]] for f in faults),
            )
        for key in ("absent", "unread"):
            if found[key]:
                print(f"{key}: {listed(found[key])}")
    return 1 if counts["partial"] + counts["quarantined"] else 0
