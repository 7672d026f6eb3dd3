"""``vlit mix MIX.yaml --lock``: what a mixture holds, resolved into vlit.lock; or whether a lock still holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vlit_hub.cli.common import BadInput, Json, emit, table, verb

if TYPE_CHECKING:
    from vlit_hub.shards import Plan
    from vlit_hub.shards.mixture import Mixture


@verb
def command(
    mixture: Annotated[Path, typer.Argument(help="A mixture (.yaml), or a lock: then its shards are compared.")],
    lock: Annotated[bool, typer.Option("--lock", help="Write the lock beside the mixture.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Where the lock goes instead.")] = None,
    check: Annotated[Path | None, typer.Option("--check", help="A lock that the mixture must not differ from.")] = None,
    root: Annotated[Path | None, typer.Option("--root", help="Folder that its paths start from.")] = None,
    processor: Annotated[
        Path | None, typer.Option("--processor", help="Measure for this processor: token counts, packing.")
    ] = None,
    max_length: Annotated[int, typer.Option(help="With --processor: tokens, pictures included.")] = 2048,
    measured: Annotated[str, typer.Option("--measure", help="Fingerprint of a measure that is there.")] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Read every shard and compare checksums.")] = False,
    as_json: Json = False,
) -> int:
    """Show each source of a mixture: samples, how often it comes, expected tokens, what is left out and why."""
    from vlit_hub.shards.mixture import load_mixture
    from vlit_hub.shards.mixture_lock import NAME, Lock

    loaded = load_mixture(mixture, root)
    if loaded.lock and (lock or out or check):
        raise BadInput(f"{mixture} is a lock already; give the mixture it came from")
    if check:
        locked = Lock.load(check)
        locked.check_mixture(loaded.document)
        loaded = replace(loaded, lock=locked)
    plan, index = planned(loaded, processor, max_length, measured, verify)
    path = out or mixture.parent / NAME
    if lock or out:
        Lock.of(plan, index, loaded.document).save(path)
    if as_json:
        emit(document(plan) | {"lock": str(path) if lock or out else None})
    else:
        show(plan)
        if lock or out:
            print(f"{path}: locked as {plan.fingerprint}")
    return 0


def planned(loaded: Mixture, processor: Path | None, max_length: int, measured: str, verify: bool) -> tuple[Plan, Any]:
    """The plan and its index; measures first where a processor is given."""
    from vlit_hub.shards import Store

    store = Store(loaded.parts, verify=verify)
    if processor:
        from vlit_hub.processing import VLITProcessor, measure

        measured = measure(store, VLITProcessor.from_pretrained(processor), max_length).fingerprint
    elif loaded.lock:
        measured = measured or loaded.lock.plan["measure"] or ""
    return loaded.plan(store.index, measured or None), store.index


def document(plan: Plan) -> dict[str, Any]:
    """What --json prints."""
    facts = {key: plan.facts[key] for key in ("seed", "mode", "measure", "packing")}
    sources = [vars(share) for share in plan.shares]
    return {
        "fingerprint": plan.fingerprint,
        **facts,
        "samples": len(plan),
        "tokens": sum(share.tokens_per_epoch for share in plan.shares),
        "sources": sources,
        "left_out": plan.left_out,
    }


def show(plan: Plan) -> None:
    """The sources as a table, what is left out below it."""
    rows = [
        [
            share.name,
            share.matching,
            share.samples,
            share.samples_per_epoch,
            f"{share.samples_per_epoch / max(len(plan), 1):.1%}",
            share.tokens_per_epoch or "-",
        ]
        for share in plan.shares
    ]
    columns = ("source", "matching", "samples", "an epoch", "share", "tokens an epoch")
    table(f"{len(plan):,} samples an epoch, {plan.facts['mode']}", columns, rows, right=columns[1:])
    for dataset, reasons in plan.left_out.items():
        print(f"{dataset}: left out {', '.join(f'{count} {reason}' for reason, count in reasons.items())}")
