"""The facts of one dataset, as data. A script in dataset_scripts/ holds one :class:`DatasetSpec` named ``SPEC``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from vlit_hub.schema import MODALITIES, Sample

SCOPES = ("general", "specific", "construction-tools", "mixing", "none")
CONSTRUCTIONS = ("annotation-adaption", "self-instruct", "none")
TARGETS = ("region", "video", "text", "medicine", "document", "pointcloud", "none")
RELEASED = ("yes", "partly", "never")
HUB = "hf://datasets/"
KINDS = ("survey", "base", "benchmark")
CONTAINERS = ("json", "dict", "jsonl", "csv", "tsv", "lines", "parquet", "pkl")
SCORINGS = {
    "multiple_choice": "the option of the greatest likelihood, or the letter that is said",
    "yes_no": "yes or no; accuracy, precision, recall, F1 and the share of yes",
    "vqa": "VQA accuracy over the ten answers of people",
    "exact": "the answer, in normal form",
    "iou": "a box, right where its intersection over union is at least 0.5",
    "caption": "CIDEr over the captions of people",
    "chair": "a caption, right where it names no object that its picture does not show (CHAIR)",
}
"""How a benchmark is scored."""


@dataclass(frozen=True)
class Taxonomy:
    """The survey's taxonomy as lists, read out of the category's own words."""

    scope: tuple[str, ...]
    construction: tuple[str, ...]
    target: tuple[str, ...]


def taxonomy(category: str) -> Taxonomy:
    """``specific/region + data-mixing`` -> scope (specific, mixing), construction (none), target (region)."""
    words = {"general": r"general[/ ]", "specific": r"(specific|domain)/", "construction-tools": r"construction-tools"}
    scope = [name for name, pattern in words.items() if re.search(pattern, category)]
    scope += ["mixing"] if "mixing" in category else []
    construction = [name for name in CONSTRUCTIONS[:-1] if re.search(name.split("-adaption")[0] + r"\b", category)]
    target = [name for name in TARGETS[:-1] if re.search(rf"(specific|domain)/{name}\b", category)]
    return Taxonomy(tuple(scope or ["none"]), tuple(construction or ["none"]), tuple(target or ["none"]))


class BadRecord(Exception):
    """A native record (raised) or one of its children (yielded) that cannot be converted.

    ``field`` is the native field at fault, ``reason`` says what is wrong with it. ``native``: the row as it was read,
    where a reader could make no record of it. ``child``: which child of a partial record, set by the engine.
    """

    def __init__(self, field: str, reason: str, native: Any = None) -> None:
        self.field, self.reason = printable(field), printable(reason)
        super().__init__(f"{self.field}: {self.reason}")
        self.native = native
        self.child = -1


def printable(text: str) -> str:
    """The text with half surrogates and undecodable bytes spelled out, so that it can be written anywhere."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


Converter = Callable[[Mapping[str, Any], "Context"], Iterable["Sample | BadRecord"]]


@dataclass(frozen=True)
class Files:
    """Where one subset and split lies in a release.

    ``alternatives`` are in order of preference; the first of which any file is present is read, and nothing else, so
    that a merged file and its parts are never loaded twice. Each alternative is a tuple of glob patterns relative to
    the raw folder (release names; ``**/`` is tried implicitly for files one folder down).
    """

    alternatives: tuple[tuple[str, ...], ...]
    subset: str = "default"
    split: str = "train"
    container: str = ""
    """json, dict (a JSON object of rows by key), jsonl, csv, tsv, lines (of text), parquet, pkl (refused); empty: by
    suffix."""
    rows: str = ""
    """Key of the rows in a JSON object, or keys joined by dots; empty: the file's value itself."""
    where: tuple[str, Any] | None = None
    """(key, value) of the rows that belong to this split, of files that hold several; the others are passed over."""
    convert: Converter | None = None
    """Converter of these files where it is not the spec's: constituents of a mixture."""

    def __post_init__(self) -> None:
        _one_of("container", self.container, ("", *CONTAINERS))


@dataclass(frozen=True)
class Table:
    """A look-up over files of the release, on disk and built at its first use: ``ctx.tables[name][key]``.

    ``patterns`` are globs relative to the raw folder, ``{folder}`` in one being the folder of the file that is read;
    empty: that file itself. The entries of the JSON value under ``rows`` (keys joined by dots) are found by their
    ``key`` field, or by their own key or position. Of a csv, tsv or parquet file ``value`` is the column that is looked
    up, ``key`` the column of the key (parquet: the first other
    one). ``get`` and ``[]`` give the first entry of a key, ``all`` every one.
    """

    patterns: tuple[str, ...] = ()
    rows: str = ""
    key: str = ""
    value: str = ""


@dataclass(frozen=True)
class Version:
    """One version of a benchmark. ``file``: glob over the name of its file; ``rows``: 0 where nobody states them."""

    file: str
    name: str
    rows: int = 0


@dataclass(frozen=True)
class MediaRule:
    """How a native media reference becomes a file: ``candidates`` below the folder that the user names for ``root``.

    A candidate is a template over ``{ref}`` (the reference as it is), ``{name}`` (its last path part) and ``{stem}``
    (that without extension). Without a folder for ``root`` the raw folder itself is searched.
    """

    root: str
    candidates: tuple[str, ...] = ("{ref}", "images/{ref}")
    type: str = "image"
    full_colour: float = 1.0
    """Point clouds: the released value of full red, green or blue (1 or 255)."""

    def __post_init__(self) -> None:
        _one_of("type", self.type, tuple(MODALITIES))


class Lookup(Protocol):
    """What ``ctx.tables[name]`` can do (formats/tables.py)."""

    def __getitem__(self, key: object) -> Any: ...

    def __len__(self) -> int: ...

    def get(self, key: str, /) -> Any:
        """The first entry of a key, or None."""

    def all(self, key: object) -> list[Any]:
        """Every entry of a key; [] where there is none."""


@dataclass
class Context:
    """What a converter may know beside the record itself; ``report`` notes what is kept but faulty."""

    spec: DatasetSpec
    subset: str
    split: str
    file: str
    """Path relative to the raw folder, with forward slashes."""
    row: int = 0
    key: str = ""
    head: dict[str, Any] = field(default_factory=dict)
    """The keys that stand beside the rows in their file, as far as they were read."""
    tables: Mapping[str, Lookup] = field(default_factory=dict)
    media: Any = None
    """The MediaFinder of this read (media_finder.py)."""
    options: Mapping[str, Any] = field(default_factory=dict)
    reports: list[tuple[str, str]] = field(default_factory=list)
    stem: str = field(init=False)
    """``file`` without its extension: begins the ids of samples whose native ids are not unique."""

    def __post_init__(self) -> None:
        dot = self.file.rfind(".")
        self.stem = self.file[:dot] if dot > self.file.rfind("/") + 1 else self.file

    def report(self, field: str, reason: str) -> None:
        """Count a fault of the native record that does not stop its conversion (shows under ``reasons``)."""
        self.reports.append((printable(field), printable(reason)))


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """Everything the engine needs to know of one dataset. Closed sets are checked when it is made."""

    name: str
    title: str
    paper: str
    arxiv: str = ""
    year: int
    homepage: str = ""
    hub_id: str = ""
    licence: str = ""
    """SPDX id where there is one, else empty."""
    licence_stated: str
    """The licence in the release's own words."""
    terms: tuple[str, ...] = ()
    """Terms of the generator or the pictures that bind beside the licence, e.g. 'OpenAI terms of use'."""
    languages: tuple[str, ...] = ("en",)
    files: tuple[Files, ...]
    convert: Converter
    tables: Mapping[str, Table] = field(default_factory=dict)
    """Name -> on-disk look-up table that the converter uses."""
    beside: tuple[str, ...] = ()
    """Globs of the files that the converter opens by a record's names (side files of pictures)."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Option -> default value (its type is the option's type)."""
    media: tuple[MediaRule, ...] = ()
    meta_keys: tuple[str, ...] = ()
    """Keys allowed in Sample.meta."""
    unique_id: bool = False
    """Whether the native id is unique over the whole release and serves as Sample.id."""
    min_typed: float = 0.5
    """Least share of native leaves that reach a typed column (``vlit build --audit``)."""
    survey_category: str = ""
    """The format file's words, verbatim."""
    modalities: tuple[str, ...] = ("text", "image")
    picture_sources: tuple[str, ...] = ()
    generator: str = ""
    size: str = ""
    size_source: str = ""
    released: str = "yes"
    substitute: str = ""
    """For what was never or partly released: which form is read instead."""
    obtain: str
    """How to get the files, in one or two sentences."""
    download: tuple[str, ...] = ()
    """Where files lie beside the repository ``hub_id``: ``https://host/file``, ``hf://datasets/OWNER/NAME`` (one more
    repository in which the files are looked for) or ``hf://datasets/OWNER/NAME/GLOB``. What no entry of ``files`` takes
    (pictures) is fetched for every subset, or for those named behind a ``#`` and joined by commas. ``{a,b}`` stands for
    two addresses."""
    kind: str = "survey"
    scoring: str = ""
    """Of SCORINGS: how answers are scored where the dataset serves as a benchmark; empty: it does not."""
    part: str = ""
    """Of ``meta_keys``: what names the part of the benchmark that a question belongs to, where it is not the split."""

    versions: tuple[Version, ...] = ()
    """Of a benchmark whose files tell them apart by name; the first whose glob fits holds."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.name):
            raise ValueError(f"name: {self.name!r} is not lower-case words joined by hyphens")
        _one_of("released", self.released, RELEASED)
        _one_of("kind", self.kind, KINDS)
        _one_of("scoring", self.scoring, ("", *SCORINGS))
        if self.part and self.part not in self.meta_keys:
            raise ValueError(f"part: {self.part!r} is not one of meta_keys: {', '.join(self.meta_keys)}")
        if self.kind == "benchmark" and not self.scoring:
            raise ValueError(f"scoring: a benchmark needs one of: {', '.join(SCORINGS)}")
        if self.kind == "survey" and taxonomy(self.survey_category).scope == ("none",):
            raise ValueError(f"survey_category: {self.survey_category!r} names no scope of: {', '.join(SCOPES)}")
        for address in self.addresses:
            subsets = address.partition("#")[2].split(",") if "#" in address else ()
            if not re.match(rf"https?://[^/]+/.*[^/]$|{HUB}[^/]+/[^/]+", address) or set(subsets) - set(self.subsets):
                raise ValueError(f"download: {address!r} is no address of a file or repository, or of no known subset")
        if not self.files:
            raise ValueError("files: name at least one file of the release")

    @property
    def taxonomy(self) -> Taxonomy:
        """Scope, construction and target that the survey's words give."""
        return taxonomy(self.survey_category)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of ``download``, one each."""
        parts = (re.fullmatch(r"([^{]*)(?:\{(.*)\})?([^}]*)", address) for address in self.download)
        return tuple(m[1] + word + m[3] for m in parts if m for word in (m[2] or "").split(","))

    @property
    def subsets(self) -> tuple[str, ...]:
        """Names of the subsets (= ``datasets`` configs), the default first."""
        return tuple(dict.fromkeys(files.subset for files in self.files))

    @property
    def default_subset(self) -> str:
        return self.files[0].subset


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name}: {value!r} is not one of: {', '.join(allowed)}")
