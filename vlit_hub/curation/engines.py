"""Where side columns are computed: here, in processes of this machine, or on a Ray cluster. The files are the same."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from vlit_hub.curation.columns import Engine, Unit, Work, one_process, processes

ENGINES = ("local", "ray")


def engine_of(name: str, workers: int = 1) -> Engine:
    """The engine of that name; raises ValueError for another one, RuntimeError where ray is not installed."""
    if name not in ENGINES:
        raise ValueError(f"engine {name!r} is not one of: {', '.join(ENGINES)}")
    if name == "ray":
        return ray_tasks(workers)
    return processes(workers) if workers > 1 else one_process


def ray_tasks(at_once: int) -> Engine:
    """One task a shard on the Ray cluster of RAY_ADDRESS (or one of this machine); all nodes see the shards under the
    same path. A task that fails with its node is run again elsewhere."""

    def engine(work: Work, units: Sequence[Unit]) -> Iterator[int]:
        try:
            import ray
        except ImportError:
            raise RuntimeError("--engine ray: pip install vlit_hub[ray]") from None
        started = not ray.is_initialized()
        if started:
            ray.init(address=os.environ.get("RAY_ADDRESS"), log_to_driver=False, include_dashboard=False)
        try:
            task = ray.remote(num_cpus=1, max_retries=3, scheduling_strategy="SPREAD")(_run)
            shared, waiting = ray.put(work), list(units)
            running: list[Any] = []
            while waiting or running:
                while waiting and len(running) < max(1, at_once):
                    running.append(task.remote(shared, waiting.pop(0)))
                done, running = ray.wait(running)
                yield from ray.get(done)
        finally:
            if started:
                ray.shutdown()

    return engine


def _run(work: Work, unit: Unit) -> int:
    return work.run(unit)
