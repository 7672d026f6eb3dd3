"""The rules by which the Hub takes or refuses the metadata of a card.

Licences: the Hub's own list as its refusal prints it (huggingface_hub issue 4218). Languages: ISO 639 codes or a few
special words (issue 3862). The rest: what the Hub's documents ask of model-index, configs and dataset_info, and what
``datasets`` needs to read them. Task categories it does not know are a warning there, and here.
"""

import re
from collections.abc import Iterable
from typing import Any

LICENCES = frozenset(
    """apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
    bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0
    cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0
    cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0
    cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl
    gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc h-research intel-research lppl-1.3c ms-pl apple-ascl apple-amlr
    mpl-2.0 odc-by odbl openmdw-1.0 openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr
    deepfloyd-if-license fair-noncommercial-research-license llama2 llama3 llama3.1 llama3.2 llama3.3 llama4
    grok2-community gemma unknown other""".split()
)
LANGUAGE = re.compile(r"[a-z]{2,3}|code|multilingual")
REPO_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
NAME = re.compile(r"[\w.-]+")
SIZES = frozenset(
    "n<1K 1K<n<10K 10K<n<100K 100K<n<1M 1M<n<10M 10M<n<100M 100M<n<1B 1B<n<10B 10B<n<100B 100B<n<1T n>1T".split()
)
TASKS = frozenset(
    """any-to-any audio-classification audio-text-to-text audio-to-audio automatic-speech-recognition depth-estimation
    document-question-answering feature-extraction fill-mask graph-ml image-classification image-feature-extraction
    image-segmentation image-text-to-text image-to-3d image-to-image image-to-text image-to-video
    keypoint-detection mask-generation multiple-choice object-detection other question-answering
    reinforcement-learning robotics sentence-similarity summarization table-question-answering table-to-text
    tabular-classification tabular-regression text-classification text-generation text-ranking text-retrieval
    text-to-3d text-to-audio text-to-image text-to-speech text-to-video time-series-forecasting token-classification
    translation unconditional-image-generation video-classification video-text-to-text visual-document-retrieval
    visual-question-answering voice-activity-detection zero-shot-classification zero-shot-image-classification
    zero-shot-object-detection""".split()
)


def errors(data: dict[str, Any]) -> list[str]:
    """What the Hub refuses in the metadata; empty if nothing."""
    found: list[str] = []
    for value in _values(data, "license"):
        if value not in LICENCES:
            found.append(f'"license" must be one of [{", ".join(sorted(LICENCES))}], not {value!r}')
    if "license_name" in data and not re.fullmatch(r"[a-z0-9.-]+", str(data["license_name"])):
        found.append(f'"license_name" must be of a-z, 0-9, "-" and ".", not {data["license_name"]!r}')
    for value in _values(data, "language"):
        if not isinstance(value, str) or not LANGUAGE.fullmatch(value):
            found.append(f'"language" with value {value!r} is not valid: an ISO 639-1, 639-2 or 639-3 code')
    for value in _values(data, "size_categories"):
        if value not in SIZES:
            found.append(f'"size_categories" must be one of [{", ".join(sorted(SIZES))}], not {value!r}')
    for key in ("base_model", "datasets"):
        for value in _values(data, key):
            if not isinstance(value, str) or not REPO_ID.fullmatch(value):
                found.append(f'"{key}" with value {value!r} is not valid: use an id of hf.co')
    for key in ("tags", "task_categories", "language", "size_categories"):
        if any(not isinstance(value, str) for value in _values(data, key)):
            found.append(f'"{key}" must hold strings')
    for key in ("pretty_name", "library_name", "pipeline_tag"):
        if key in data and not isinstance(data[key], str):
            found.append(f'"{key}" must be a string')
    return [*found, *_configs(data), *_infos(data), *_model_index(data)]


def warnings(data: dict[str, Any]) -> list[str]:
    """What the Hub takes and does not know."""
    named = [*_values(data, "task_categories"), *_values(data, "pipeline_tag")]
    return [f"the task {task!r} is not in the official list" for task in named if task not in TASKS]


def _values(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    return value if isinstance(value, list) else [value]


def _configs(data: dict[str, Any]) -> Iterable[str]:
    names: set[str] = set()
    for i, config in enumerate(_values(data, "configs")):
        where = f'"configs[{i}]'
        if not isinstance(config, dict) or not isinstance(name := config.get("config_name"), str):
            yield f'{where}.config_name" is required'
            continue
        if not NAME.fullmatch(name):
            yield f'{where}.config_name" with value {name!r} is not valid'
        if name in names:
            yield f'{where}.config_name" {name!r} stands there twice'
        names.add(name)
        for j, files in enumerate(_values(config, "data_files")):
            if isinstance(files, dict) and not {"split", "path"} <= files.keys():
                yield f'{where}.data_files[{j}]" needs split and path'
            elif not isinstance(files, dict | str):
                yield f'{where}.data_files[{j}]" must be a path, or split and path'


def _infos(data: dict[str, Any]) -> Iterable[str]:
    for i, info in enumerate(_values(data, "dataset_info")):
        where = f'"dataset_info[{i}]'
        if not isinstance(info, dict):
            yield f'{where}" must be a mapping'
            continue
        for j, feature in enumerate(info.get("features", [])):
            if not isinstance(feature, dict) or not isinstance(feature.get("name"), str):
                yield f'{where}.features[{j}].name" is required'
        for j, split in enumerate(info.get("splits", [])):
            if not isinstance(split, dict) or "name" not in split or not isinstance(split.get("num_examples"), int):
                yield f'{where}.splits[{j}]" needs name and num_examples'


def _model_index(data: dict[str, Any]) -> Iterable[str]:
    for i, model in enumerate(_values(data, "model-index")):
        where = f'"model-index[{i}]'
        if not isinstance(model, dict) or not model.get("name"):
            yield f'{where}.name" is required'
            continue
        for j, result in enumerate(_values(model, "results")):
            for key, needed in (("task", ("type",)), ("dataset", ("type", "name"))):
                if missing := [name for name in needed if not result.get(key, {}).get(name)]:
                    yield f'{where}.results[{j}].{key}.{missing[0]}" is required'
            metrics = _values(result, "metrics")
            if not metrics:
                yield f'{where}.results[{j}].metrics" is required'
            for k, metric in enumerate(metrics):
                if missing := [name for name in ("type", "value") if metric.get(name) is None]:
                    yield f'{where}.results[{j}].metrics[{k}].{missing[0]}" is required'
