"""Collect from Visual Genome's own files: objects with boxes, and what people say of two of them (arXiv 1602.07332)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vlit_hub.curation.collect import CollectError, Collection, Object, Picture, clip, whole
from vlit_hub.formats.readers import read_json
from vlit_hub.media import UnreadableMedia, image_size

FOLDERS = ("VG_100K", "VG_100K_2", "images")
LEADING = frozenset(
    "on in under near behind above over by at beside next inside below between across against along around with".split()
)
"""First words of a predicate that "is" goes before; participles in -ing too."""


def collect_vg(folder: str | Path) -> Collection:
    """``objects.json`` and, where they are there, ``relationships.json`` and ``attributes.json`` beside the pictures
    (FOLDERS).

    The list of labels is open and not every thing is annotated: nothing is counted or called absent. Raises
    CollectError without objects.json or any picture. Left out and counted in ``issues``: records that are no objects,
    pictures missing or unreadable, things without a name or with a box outside, attributes and relations of unknown
    things, relations whose predicate cannot be put into a sentence.
    """
    root, issues = Path(folder), Counter[str]()
    if not (root / "objects.json").is_file():
        raise CollectError(
            f"{root}: no objects.json of Visual Genome here; beside it {', '.join(FOLDERS)}/ and pictures"
        )
    related, described = (_by_picture(root / f"{name}.json", name, issues) for name in ("relationships", "attributes"))
    pictures = []
    for record in _records(root / "objects.json", issues):
        number = whole(record, "image_id")
        if picture := _picture(root, record, related.get(number, []), described.get(number, []), issues):
            pictures.append(picture)
    if not pictures:
        raise CollectError(f"{root}: no picture of objects.json is here; {dict(+issues)}")
    counted = {reason: issues[reason] for reason in sorted(issues) if issues[reason]}
    return Collection(tuple(sorted(pictures, key=lambda one: one.id)), (), counted, "Visual Genome")


def predicate(text: Any) -> str:
    """What stands between subject and object in a sentence: "is on", "has"; "" where that is not sure."""
    words = str(text or "").lower().split()
    if not words:
        return ""
    if words[0] == "have":
        words[0] = "has"
    if words[0] in LEADING or (words[0].endswith("ing") and len(words[0]) > 4):
        return " ".join(["is", *words])
    return " ".join(words) if words[0] in ("is", "has") and words[-1] != "is" else ""


def _records(path: Path, issues: Counter[str]) -> Iterator[Mapping[str, Any]]:
    for _, row in read_json(path):
        if isinstance(row, Mapping):
            yield row
        else:
            issues["record that is no object"] += 1


def _by_picture(path: Path, key: str, issues: Counter[str]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for record in _records(path, issues) if path.is_file() else ():
        found[whole(record, "image_id")] += _list(record, key)
    return found


def _list(record: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = record.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _picture(
    root: Path, record: Mapping[str, Any], related: list[Any], described: list[Any], issues: Counter[str]
) -> Picture | None:
    number = whole(record, "image_id")
    paths = [path for name in FOLDERS if (path := root / name / f"{number}.jpg").is_file()]
    if not paths:
        issues["picture missing"] += 1
        return None
    try:
        width, height = image_size(str(paths[0]))
    except UnreadableMedia:
        issues["picture unreadable"] += 1
        return None
    objects: dict[int, Object] = {}
    for item in _list(record, "objects"):
        names = item.get("names")
        name = names[0] if isinstance(names, list) and names else ""
        label = " ".join(name.lower().split()) if isinstance(name, str) else ""
        box = clip([item.get(key) for key in "xywh"], width, height)
        if not label or box is None or not isinstance(item.get("object_id"), int):
            issues["thing without a name, or with a box outside the picture"] += 1
            continue
        objects[item["object_id"]] = Object(item["object_id"], label, box)
    return Picture(
        number, paths[0], width, height, (), tuple(objects.values()),
        faulty=frozenset(item.label for item in objects.values()),
        relations=tuple(dict.fromkeys(_relations(related, objects, issues))),
        attributes=tuple(dict.fromkeys(_attributes(described, objects, issues))),
    )  # fmt: skip


def _relations(
    related: list[Any], objects: Mapping[int, Object], issues: Counter[str]
) -> Iterator[tuple[int, str, int]]:
    for item in related:
        given = [item.get(key) for key in ("subject", "object")]
        ends = [whole(end, "object_id") if isinstance(end, dict) else -1 for end in given]
        said = predicate(item.get("predicate"))
        if not said or ends[0] not in objects or ends[1] not in objects or ends[0] == ends[1]:
            issues["relation of unknown things, or not to be put into a sentence"] += 1
            continue
        yield ends[0], said, ends[1]


def _attributes(described: list[Any], objects: Mapping[int, Object], issues: Counter[str]) -> Iterator[tuple[int, str]]:
    for item in described:
        number, values = whole(item, "object_id"), item.get("attributes")
        if number not in objects or not isinstance(values, list | type(None)):
            issues["attributes of an unknown thing"] += 1
            continue
        yield from ((number, text) for value in values or () if (text := " ".join(str(value).lower().split())))
