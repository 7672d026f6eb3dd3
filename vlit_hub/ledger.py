"""The ledger: licences, terms and picture sources of all datasets, and which share a source. From the specs alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations
from typing import Any, Protocol

from vlit_hub.spec import DatasetSpec

SOURCES: dict[str, str] = {
    "COCO": r"coco(?!-text)|refcoco|vqav2|lvis|visdial",
    "Visual Genome": r"visual genome|\bgqa\b|visual7w",
    "Flickr30k": r"flickr30|snli-ve",
    "Conceptual Captions": r"\bcc3m\b|conceptual captions|\bcc ?[/+] ?sbu\b|laion/cc/sbu|minigpt-4 cc_sbu",
    "SBU": r"\bsbu\b|cc_sbu",
    "LAION": r"laion",
    "SA-1B": r"sa-1b|segment anything",
    "OpenImages": r"openimages|textvqa|textcaps",
    "OCR-VQA": r"ocr-vqa|book covers",
    "VCR": r"\bvcr\b",
    "PubMed Central": r"pubmed central|\bpmc\b",
    "ActivityNet": r"activitynet",
    "WebVid": r"webvid",
    "MSR-VTT": r"msr-?vtt",
    "AudioCaps": r"audiocaps",
    "Objects365": r"objects365",
    "VizWiz": r"vizwiz",
    "MMC4": r"mmc4",
}
"""Picture source -> what names it in the specs' own words (datasets over its pictures included)."""

RIGHTS: dict[str, tuple[str, str]] = {
    "COCO": ("own", "Flickr photographs, each under its owner's terms"),
    "Visual Genome": ("yes", "CC BY 4.0; photographs of COCO and YFCC100M"),
    "Flickr30k": ("no", "pictures on request only, for non-commercial research and education"),
    "Conceptual Captions": ("no", "a list of web addresses, no rights in the pictures"),
    "SBU": ("no", "a list of web addresses, no rights in the pictures"),
    "LAION": ("no", "a list of web addresses, no rights in the pictures"),
    "SA-1B": ("no", "Meta's research licence, to be accepted by each user"),
    "OpenImages": ("yes", "listed as CC BY 2.0"),
    "OCR-VQA": ("own", "book covers of their publishers"),
    "VCR": ("no", "film stills, given on registration"),
    "PubMed Central": ("own", "figures, each under its article's licence"),
    "ActivityNet": ("no", "YouTube videos of their owners"),
    "WebVid": ("no", "withdrawn by its owner"),
    "MSR-VTT": ("no", "YouTube videos of their owners"),
    "AudioCaps": ("no", "YouTube clips of their owners"),
    "Objects365": ("own", "Flickr photographs, each under its owner's terms"),
    "VizWiz": ("yes", "CC BY 4.0"),
    "MMC4": ("no", "a list of web addresses, no rights in the pictures"),
}
"""Picture source -> whether its pictures may be passed on (yes, no, or under their own terms), and why."""


class HasSources(Protocol):
    """A spec, or what is published of one."""

    @property
    def picture_sources(self) -> tuple[str, ...]: ...


def sources_of(spec: HasSources) -> list[str]:
    """The known picture sources that the words name, in the table's order."""
    words = " ; ".join(spec.picture_sources).lower()
    return [name for name, pattern in SOURCES.items() if re.search(pattern, words)]


def ledger(specs: Iterable[DatasetSpec]) -> dict[str, Any]:
    """``datasets``: name -> licence, terms, sources; ``overlaps``: pairs of datasets with the sources they share."""
    datasets = {
        spec.name: {
            "licence": spec.licence,
            "licence_stated": spec.licence_stated,
            "terms": list(spec.terms),
            "generator": spec.generator,
            "picture_sources": list(spec.picture_sources),
            "sources": sources_of(spec),
        }
        for spec in specs
    }
    overlaps = [
        {"datasets": [a, b], "sources": shared}
        for a, b in combinations(sorted(datasets), 2)
        if (shared := [name for name in datasets[a]["sources"] if name in datasets[b]["sources"]])
    ]
    by_source = {name: [dataset for dataset, facts in datasets.items() if name in facts["sources"]] for name in SOURCES}
    return {"datasets": datasets, "by_source": {k: v for k, v in by_source.items() if v}, "overlaps": overlaps}
