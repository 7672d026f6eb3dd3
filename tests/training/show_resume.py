"""Stop a 2-process run (gloo) in mid-epoch, resume it with 1 process and 2 workers, compare with a run in one piece.

``python -m tests.training.show_resume`` prints the sequences; as ``torchrun -m`` with arguments it is one such run.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT

import yaml

from tests.training.support import flat, keys, keys_of, recipe, save_tiny, train, write_shards
from vlit_hub.training.callbacks import read_losses
from vlit_hub.training.recipe import load_recipe

STEPS, STOP = 9, 4  # an epoch of 26 samples has 6 steps of 4


@dataclass(frozen=True)
class Comparison:
    """Keys per global step and losses of the two runs."""

    whole: dict[int, list[str]]
    cut: dict[int, list[str]]  # by 2 processes
    resumed: dict[int, list[str]]  # by 1 process, 2 workers
    whole_losses: list[float]
    losses: list[float]  # of cut and resumed


def launch(
    flat_keys: dict, folder: Path, processes: int, stop: int = 0, timeout: int = 300, by: str = __name__
) -> None:
    """Train under torchrun up to ``stop`` steps (recorded, ``by`` a module), or the whole recipe by the package's own.

    Raises RuntimeError where that fails, subprocess.TimeoutExpired where it is not done within ``timeout`` seconds.
    """
    path = folder / f"recipe-{processes}.yaml"
    path.write_text(yaml.safe_dump(flat_keys))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    recorded = [by if by != "__main__" else "tests.training.show_resume", str(path), str(stop)]
    command = [*torchrun, "-m", *(recorded if stop else ["vlit_hub.training.run", str(path)])]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.Popen(command, stdout=PIPE, stderr=STDOUT, text=True, env=environment)
    try:
        said, _ = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        child.terminate()  # not killed: torchrun ends its workers, which are in groups of their own
        child.communicate(timeout=60)
        raise
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{said}")


def compare(folder: Path, model: Path, data: Path) -> Comparison:
    """Three runs: in one piece; by 2 processes up to STOP; from there by 1 process with 2 workers."""
    whole, cut, resumed = folder / "whole", folder / "cut", folder / "resumed"
    train(recipe(model, data, whole, max_steps=STEPS))
    saves = {"save_strategy": "steps", "save_steps": STOP}
    launch(keys(model, data, cut, max_steps=STEPS, **saves), folder, processes=2, stop=STOP)
    checkpoint = str(cut / "checkpoints" / f"checkpoint-{STOP}")
    train(recipe(model, data, resumed, max_steps=STEPS, dataloader_num_workers=2), resume=checkpoint)
    return Comparison(
        keys_of(whole),
        keys_of(cut),
        keys_of(resumed),
        [line["loss"] for line in read_losses(whole)],
        [line["loss"] for line in read_losses(cut) + read_losses(resumed)],
    )


def show(made: Comparison) -> bool:
    """Print both sequences step by step; whether they are the same."""
    pieces = {**made.cut, **made.resumed}
    print("step  by                    sample numbers (scenes s, words w)        loss      in one piece")
    for step, expected in made.whole.items():
        who = "2 processes" if step in made.cut else "1 process, 2 workers"
        names = " ".join(f"{key[0]}{int(key[-9:]):<3}" for key in pieces[step])
        same = "same" if pieces[step] == expected else f"DIFFERENT: {expected}"
        print(f"{step:>4}  {who:<20}  {names:<42}{made.losses[step]:.6f}  {made.whole_losses[step]:.6f}  {same}")
    equal = flat(pieces) == flat(made.whole)
    apart = max(abs(a - b) for a, b in zip(made.losses, made.whole_losses, strict=True))
    verdict = "equal" if equal else "NOT EQUAL"
    print(f"{len(flat(pieces))} samples in order: {verdict}; losses differ by at most {apart:.1e}")
    return equal


def note_threads(out: Path) -> None:
    """Write down the native threads of this rank that are left when the interpreter is about to go."""
    names = sorted(path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm"))
    (out / f"threads-{os.environ['RANK']}.txt").write_text("\n".join(names))


def main(arguments: list[str]) -> int:
    """No arguments: show the comparison. ``RECIPE STOP``: one run."""
    if arguments:
        made_of = load_recipe(arguments[0])
        atexit.register(note_threads, Path(made_of.out))  # before the run's own: handlers are called last first
        train(made_of, stop=int(arguments[1]), resume=made_of.resume or None)
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = compare(folder, save_tiny(folder / "model"), write_shards(folder / "data"))
    return 0 if show(made) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
