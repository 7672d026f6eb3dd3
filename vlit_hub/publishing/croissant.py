"""Croissant 1.0 metadata (mlcommons.org/croissant) of a published folder: which files hold which columns.

One RecordSet per parquet or chat config and split, its fields derived from the published features. Tars are described
as files only: Croissant has no way into their members that readers agree on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Features, Image, List, Value

from vlit_hub.publishing.configs import Config, loadable
from vlit_hub.publishing.facts import DatasetFacts
from vlit_hub.publishing.licences import mixture

NAME = "croissant.json"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {"string": "sc:Text", "bool": "sc:Boolean", "int": "sc:Integer", "uint": "sc:Integer", "float": "sc:Float"}


def croissant(facts: DatasetFacts, configs: Sequence[Config], title: str, repo: str) -> str:
    """The document of a dataset repository ``repo`` (NAMESPACE/NAME) as JSON."""
    url = f"https://huggingface.co/datasets/{repo}"
    tables = [config for config in loadable(configs) if config.form != "webdataset"]
    tars = [config for config in configs if config.form == "webdataset"]
    papers = [part.paper for part in facts.parts]
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": re.sub(r"[^A-Za-z0-9._-]+", "-", title).strip("-") or "dataset",
        "description": f"{facts.total} samples for vision-language instruction tuning: {title}.",
        "url": url,
        "license": [part.paragraph for part in mixture(facts.parts).parts],
        "citeAs": "; ".join(papers),
        "inLanguage": sorted(facts.labels["language"]),
        "creator": {"@type": "sc:Organization", "name": repo.split("/")[0]},
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "repo",
                "name": "repo",
                "description": "The repository on the Hub.",
                "contentUrl": url,
                "encodingFormat": "git+https",
                "sha256": "https://github.com/mlcommons/croissant/issues/80",
            },
            *(
                _files(config.name, split.split, split.pattern, "application/x-parquet")
                for config in tables
                for split in config.splits
            ),
            *(
                _files(config.name, split.split, split.pattern, "application/x-tar")
                for config in tars
                for split in config.splits
            ),
        ],
        "recordSet": [_records(config, split.split) for config in tables for split in config.splits],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _files(config: str, split: str, pattern: str, encoding: str) -> dict[str, Any]:
    name = f"files-{config}-{split}"
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "containedIn": {"@id": "repo"},
        "encodingFormat": encoding,
        "includes": pattern,
    }


def _records(config: Config, split: str) -> dict[str, Any]:
    name = f"{config.name}-{split}"
    columns = Features.from_dict(config.features)
    told = {column: feature for column, feature in columns.items() if not _nested(feature)}
    nested = ", ".join(column for column in columns if column not in told)
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"Config {config.name}, split {split}."
        + (f" Columns of structs, which Croissant's readers do not read: {nested}." if nested else ""),
        "field": [_field(feature, f"{name}/{column}", f"files-{name}", column) for column, feature in told.items()],
    }


def _field(feature: Any, name: str, files: str, column: str) -> dict[str, Any]:
    """One column: a value, a picture, or a list of either."""
    made: dict[str, Any] = {"@type": "cr:Field", "@id": name, "name": name}
    if isinstance(feature, List):
        feature, made["repeated"] = feature.feature, True
    made["dataType"] = _type(feature)
    made["source"] = {"fileSet": {"@id": files}, "extract": {"column": column}}
    if isinstance(feature, Image):
        made["source"]["transform"] = {"jsonPath": "bytes"}
    return made


def _nested(feature: Any) -> bool:
    inner = feature.feature if isinstance(feature, List) else feature
    return isinstance(inner, dict | List)


def _type(feature: Any) -> str:
    if isinstance(feature, Image):
        return "sc:ImageObject"
    if isinstance(feature, Value):
        return TYPES.get(re.sub(r"\d+$", "", feature.dtype), "sc:Text")
    return "sc:Text"


def write(folder: Path, facts: DatasetFacts, configs: Sequence[Config], title: str, repo: str) -> None:
    """``folder/croissant.json``."""
    (folder / NAME).write_text(croissant(facts, configs, title, repo), encoding="utf-8")
