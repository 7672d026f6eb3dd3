"""The ledger: licences, terms and picture sources of all datasets, and which share a source. From the specs alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations
from typing import Any

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


def sources_of(spec: DatasetSpec) -> list[str]:
    """The known picture sources that the spec's words name, in the table's order."""
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
