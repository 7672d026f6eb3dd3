"""What a curation leaves on disk: kept rows per folder of shards, a mixture that takes them, the trace, a random twin.

    <out>/report.json       fingerprint of the index, recipe, samples after each step
    <out>/trace.parquet     one row per dropped sample: row, dataset, step, rule, value, of
    <out>/curated.yaml      a mixture (shards/mixture.py) over curated-<n>.npy, the rows kept of the n-th folder
    <out>/random.yaml       the same over as many samples of each dataset, drawn
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import yaml

from vlit_hub.curation.curate import Curation, Report
from vlit_hub.shards import ShardWriter
from vlit_hub.shards.manifest import write_atomic


def write(out: Path, made: Curation, report: Report) -> None:
    """All files of a selection; ``report.json`` last."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out.mkdir(parents=True, exist_ok=True)
    for name, mask in (("curated", made.mask), ("random", made.random())):
        _mixture(out, name, made, mask)
    schema = pa.schema([
        ("row", pa.int64()), ("dataset", pa.string()), ("step", pa.int32()), ("rule", pa.string()),
        ("value", pa.string()), ("of", pa.int64()),
    ])  # fmt: skip
    trace = pa.Table.from_pylist([asdict(drop) for drop in made.drops], schema)
    stream = pa.BufferOutputStream()
    pq.write_table(trace, stream, compression="zstd")
    write_atomic(out / "trace.parquet", stream.getvalue().to_pybytes())
    document = {"shards": [str(path) for path in made.recipe.shards], "steps": made.recipe.titles} | report.to_dict()
    write_atomic(out / "report.json", json.dumps(document, indent=2, ensure_ascii=False).encode())


def _mixture(out: Path, name: str, made: Curation, mask: np.ndarray) -> None:
    index, listed = made.store.index, []
    for number, (start, stop) in enumerate(pairwise(index.part_starts)):
        shards = made.recipe.shards[number]
        file, data = f"{name}-{number}.npy", io.BytesIO()
        np.save(data, np.flatnonzero(mask[start:stop]))
        write_atomic(out / file, data.getvalue())
        listed.append({"shards": os.path.relpath(shards, out), "name": f"{shards.name}-{number}", "keep": file})
    write_atomic(out / f"{name}.yaml", yaml.safe_dump({"sources": listed}, sort_keys=False).encode())


def rewrite(out: Path, made: Curation) -> int:
    """The kept samples as shards of their own under ``out``; their number."""
    index = made.store.index
    places: dict[tuple[str, str, str], list[int]] = {}
    for number, split in enumerate(index.splits):
        kept = np.flatnonzero(made.mask[index.starts[number] : index.starts[number + 1]]) + index.starts[number]
        places.setdefault((split.dataset, split.subset, split.split), []).extend(kept.tolist())
    for (dataset, subset, name), rows in places.items():
        if rows:
            with ShardWriter(out, dataset, subset, name) as writer:
                for row in rows:
                    writer.write(made.store[row])
    return int(made.mask.sum())
