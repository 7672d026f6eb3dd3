"""``python -m tests.curation.show_faults``: planted faults, found or missed, on rendered scenes and photographs.

Ten per cent of each fault; what is said of untouched data stands beside. Photographs: the folder given (COCO form).
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from PIL import Image

from tests.curation.faults import annotation_of, claims_of, cut, dialogue_of, relations_of, sample_of
from tests.curation.pictures import encoded
from vlit_hub.curation import annotations, contamination
from vlit_hub.curation.collect import collect
from vlit_hub.curation.curate import Curation
from vlit_hub.curation.facts import Annotation, Facts
from vlit_hub.curation.indicators.claims import run as claims_run
from vlit_hub.curation.indicators.format_faults import run as format_run
from vlit_hub.curation.recipe import parse
from vlit_hub.curation.verdicts import verdicts
from vlit_hub.demo.scenes import Scene, render, scenes
from vlit_hub.schema import Blob
from vlit_hub.shards import ShardWriter, Store

SHARE = 0.1


@dataclass(frozen=True)
class Found:
    """One fault over one set. ``alarms``: found among ``untouched`` items that hold no planted fault of any kind."""

    where: str
    fault: str
    planted: int
    found: int
    false: int
    alarms: int
    untouched: int

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    def __str__(self) -> str:
        return (
            f"{self.where:12} {self.fault:18} planted {self.planted:4}  recall {self.recall:.3f}  precision "
            f"{self.precision:.3f}  false alarms {self.alarms} of {self.untouched} ({self.alarms / self.untouched:.4f})"
        )


def claim_faults(where: str, known: list[Annotation], per_picture: int, seed: int = 0) -> list[Found]:
    """Wrong counts and absent things affirmed, claim by claim; then what is told the wrong way round of two things."""
    plans = (
        (claims_of, ("wrong count", "absent affirmed"), per_picture),
        (relations_of, ("wrong relation",), 2 * per_picture),  # of few pictures only
    )
    found = []
    for plant, faults, told in plans:
        rng, tally = random.Random(seed), Counter[tuple[str, bool]]()
        for annotation in known:
            made = plant(annotation, rng, told, len(faults) * SHARE)
            for (question, answer), fault in zip(made.rounds, made.faulty, strict=True):
                flagged = any(v.verdict == "wrong" for v in verdicts(question, answer, annotation))
                tally[fault, flagged] += 1
        alarms, untouched = tally["", True], tally["", True] + tally["", False]
        found += [
            Found(where, fault, tally[fault, True] + tally[fault, False], tally[fault, True], alarms, alarms, untouched)
            for fault in faults
        ]
    return found


def swapped_and_cut(items: list[Scene], seed: int = 0) -> list[Found]:
    """Dialogues of scenes over another scene's picture; answers broken off."""
    rng, swap, broken = random.Random(seed), Counter[tuple[bool, bool]](), Counter[tuple[bool, bool]]()
    for item in items:
        rounds, other = dialogue_of(item), rng.random() < SHARE
        shown = rng.choice([each for each in items if each.contents != item.contents]) if other else item
        swap[other, bool(claims_run(Facts(sample_of(rounds, ""), annotation_of(shown)))["other_picture"])] += 1
        broke = rng.random() < SHARE
        if broke:
            at = rng.randrange(len(rounds))
            rounds[at] = rounds[at][0], cut(rounds[at][1], rng)
        broken[broke, bool(format_run(Facts(sample_of(rounds, "")))["cut_off"])] += 1
    return [_found("scenes", "swapped picture", swap), _found("scenes", "cut-off answer", broken)]


def _found(where: str, fault: str, tally: Counter[tuple[bool, bool]]) -> Found:
    untouched = tally[False, True] + tally[False, False]
    planted = tally[True, True] + tally[True, False]
    return Found(where, fault, planted, tally[True, True], tally[False, True], tally[False, True], untouched)


def changed(picture: Image.Image, rng: random.Random) -> bytes:
    """The picture in another size, compressed anew."""
    return encoded(picture.convert("RGB"), "jpeg", rng.choice((0.6, 0.75, 1.25, 1.5)), quality=rng.choice((60, 75, 90)))


def picture_faults(where: str, pictures: list[Image.Image], share: float = SHARE, seed: int = 0) -> list[Found]:
    """Near duplicates within a set, and pictures that a benchmark pack holds, by `vlit curate`'s own steps."""
    rng = random.Random(seed)
    draw = rng.sample(range(len(pictures)), 2 * max(1, int(share * len(pictures))))
    copied, leaked = draw[::2], set(draw[1::2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder / "bench", [changed(pictures[i], rng) for i in sorted(leaked)], "bench")
        originals = [encoded(picture.convert("RGB")) for picture in pictures]
        _write(folder / "data", originals + [changed(pictures[i], rng) for i in copied], "tests")
        contamination.build(Store(folder / "bench"), "bench").save(folder / "pack.parquet")
        dropped = {}
        for kind, step in (
            ("leak", {"contamination": {"packs": "pack.parquet"}}), ("copy", {"duplicates": {"pictures": 8}}),
        ):  # fmt: skip
            made = Curation(parse(yaml.safe_load(yaml.safe_dump({"shards": "data", "steps": [step]})), folder))
            made.run()
            dropped[kind] = {drop.row for drop in made.drops}
    count = len(pictures)
    copies = Counter((row >= count, row in dropped["copy"]) for row in range(count + len(copied)))
    leaks = Counter((row in leaked, row in dropped["leak"]) for row in range(count))
    return [_found(where, "duplicate picture", copies), _found(where, "leaked picture", leaks)]


def _write(folder: Path, pictures: list[bytes], dataset: str) -> None:
    with ShardWriter(folder, dataset, "default", "train") as writer:
        for number, data in enumerate(pictures):
            more = {"images": [Blob(data)], "group": str(number), "dataset": dataset}
            writer.write(sample_of([("Describe it.", f"Number {number}.")], f"{number}.png", **more))


def distinct(items: Iterator[Scene]) -> list[Scene]:
    """Scenes of which no two show the same things at the same places: those are copies that nobody planted."""
    return list({item.contents: item for item in items}.values())


def on_scenes(count: int = 1200) -> list[Found]:
    """All seven faults; with 1200 scenes more than 100 of each."""
    items = distinct(scenes("train", count))
    found = claim_faults("scenes", [annotation_of(item) for item in items], 2)
    return [*found, *swapped_and_cut(items), *picture_faults("scenes", [render(item) for item in items])]


def on_photographs(folder: Path, per_picture: int = 40) -> list[Found]:
    """Claims from the annotations of photographs, several a picture; picture faults are few, and reported only."""
    pictures = collect(folder).pictures
    known = list(annotations.coco(folder).by_name.values())
    opened = [Image.open(io.BytesIO(picture.path.read_bytes())) for picture in pictures]
    return [*claim_faults("photographs", known, per_picture), *picture_faults("photographs", opened, share=0.3)]


def on_captions(folder: Path) -> str:
    """What the checker says of people's own captions against the boxes alone: mostly things nobody drew a box for."""
    known = annotations.coco(folder, captions=False)
    tally: Counter[str] = Counter()
    for picture in collect(folder).pictures:
        boxes = known.by_name[annotations.name_of(picture.path.name)]
        tally.update(v.verdict for caption in picture.captions for v in verdicts("", caption, boxes))
    return f"photographs  people's captions: {dict(tally)}"


if __name__ == "__main__":
    print(*on_scenes(), sep="\n")
    for each in sys.argv[1:]:
        print(*on_photographs(Path(each)), on_captions(Path(each)), sep="\n")
