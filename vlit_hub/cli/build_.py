"""``vlit build NAME --raw DIR --out DIR``: a raw release as shards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vlit_hub import registry
from vlit_hub.cli.common import Json, Raw, Roots, Subset, emit, err, listed, pairs, progress, roots, table, verb


@verb
def command(
    name: Annotated[str, typer.Argument(help="A name of `vlit list`.")],
    raw: Raw,
    out: Annotated[Path, typer.Option("--out", help="Folder for shards, index, manifest and quarantine.")],
    subset: Subset = "",
    split: Annotated[list[str] | None, typer.Option(help="Splits; all if left out.")] = None,
    option: Annotated[list[str] | None, typer.Option("--option", help="NAME=VALUE of the script's options.")] = None,
    media_root: Roots = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first record that cannot be converted.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Processes that convert and write; the files are the same.")] = 1,
    force: Annotated[bool, typer.Option("--force", help="Build again what stands there of equal inputs.")] = False,
    share_media: Annotated[
        bool, typer.Option("--share-media", help="Store a picture once per group; only our own reader finds it again.")
    ] = False,
    energon: Annotated[bool, typer.Option("--energon", help="Write the sidecars of Megatron-Energon too.")] = False,
    audit: Annotated[bool, typer.Option("--audit", help="Show where every native value goes.")] = False,
    as_json: Json = False,
) -> int:
    """Convert a raw release into shards; what cannot be converted goes to quarantine.jsonl with its reason.

    A build that was stopped, killed too, goes on when it is run again. A finished one of equal inputs is left as it is.
    Exit code 1 where --audit finds a native value that is dropped, and where no record gave a sample.
    """
    from vlit_hub.release import Release
    from vlit_hub.shards.build import build
    from vlit_hub.shards.build_report import QUARANTINE

    release = Release(registry.get(name), raw, subset, roots(media_root), pairs(option, "--option"))
    with progress(f"build {name}") as step:
        report = build(
            release, out, splits=split, strict=strict, with_audit=audit, share_media=share_media, workers=workers,
            sidecars=energon,
            force=force, progress=step,
        )  # fmt: skip
    if as_json:
        emit(report.to_dict())
    else:
        show(f"{name} -> {out}", report.to_dict())
    if report.records and not report.samples:
        most = max(report.reasons, key=lambda reason: report.reasons[reason], default="no reason noted")
        err.print(
            f"none of {report.records:,} records gave a sample; most often: {most}; {out / QUARANTINE} holds them",
            highlight=False, markup=False, soft_wrap=True, style="bold red",
        )  # fmt: skip
        return 1
    return 1 if report.audit and not report.audit.sound else 0


def show(title: str, found: dict) -> None:
    """The report as a table, faults below it."""
    counts = ("records", "converted", "partial", "quarantined", "samples", "missing_media", "unresolved_regions",
              "shards", "seconds", "peak_rss_mb")  # fmt: skip
    table(title, ("count", "value"), ([key, found[key]] for key in counts if key in found), right=("value",))
    if found.get("audit"):
        table("where native values go", ("typed", "meta", "dropped", "typed share"),
              [[found["audit"][key] for key in ("typed", "meta", "dropped", "typed_share")]])  # fmt: skip
    if found["reasons"]:
        table("faults", ("reason", "times"), found["reasons"].items(), right=("times",))
    for key in ("unread", "absent"):
        if found.get(key):
            print(f"{key}: {listed(found[key])}")
    if found.get("unchanged"):
        print(f"unchanged (equal inputs; --force builds again): {', '.join(found['unchanged'])}")
