"""Every number on a card equals a count made another way; the Hub's own reader takes the card."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
import subprocess
import sys
from collections import Counter

import pytest
import yaml
from huggingface_hub import DatasetCard, ModelCard, constants
from typer.testing import CliRunner

from tests.publishing import made
from vlit_hub import registry
from vlit_hub.cli import app
from vlit_hub.processing.families import FAMILIES
from vlit_hub.publishing.cards import dataset_card, model_card, shards_card
from vlit_hub.publishing.configs import TASK_CATEGORIES, size_category, tar_configs
from vlit_hub.publishing.facts import Part, Spread, dataset_facts
from vlit_hub.publishing.licences import consequence, hub_licence
from vlit_hub.publishing.local_hub import card_rules
from vlit_hub.publishing.local_hub.content import card_checked
from vlit_hub.publishing.model_card import family_facts
from vlit_hub.publishing.rendering import SURVEY
from vlit_hub.schema import COLUMNS, TASKS
from vlit_hub.shards import Index
from vlit_hub.shards import manifest as manifests
from vlit_hub.training.settings import ANY_FAMILY, SETTINGS


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cards") / "shards"
    return folder, made.write(folder)


@pytest.fixture(scope="module")
def card(shards):
    return shards_card(shards[0], repo_id="local/pets")


def rows(card: str, title: str) -> list[list[str]]:
    """The cells of the first table of a section, heads left out."""
    section = re.split(r"^#+ ", card, flags=re.MULTILINE)
    [body] = [part for part in section if part.split("\n")[0] == title]
    lines = [line for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def numbers(table: list[list[str]]) -> dict[str, tuple[int, ...]]:
    return {row[0]: tuple(int(cell.replace(",", "")) for cell in row[1:]) for row in table}


def five(values: list[int]) -> tuple[int, ...]:
    values = sorted(values)
    at = [values[math.ceil(share * len(values)) - 1] for share in (0.5, 0.95)]
    return (len(values), values[0], *at, values[-1])


def text(message) -> str:
    return "".join(part.text for part in message.content)


# -- dataset cards -----------------------------------------------------------------------------------------------------


def test_splits(shards, card):
    folder, content = shards
    by_prefix = {(split.subset, split.split): split for split in manifests.load(folder).splits}
    found = {(row[0], row[1]): [int(cell.replace(",", "")) for cell in row[2:]] for row in rows(card, "What it holds")}
    assert found == {
        key: [
            len(samples),
            sum(s.messages[-1].role == "assistant" and s.messages[-1].train for s in samples),
            len({s.group for s in samples}),
            sum(blob is not None for s in samples for blob in s.images),
            len(list(folder.glob(f"{by_prefix[key].prefix}-*.tar"))),
            sum(path.stat().st_size for path in folder.glob(f"{by_prefix[key].prefix}-??????.tar")),
        ]
        for key, samples in content.items()
    }


def test_texts_and_pictures(shards, card):
    every = [sample for samples in shards[1].values() for sample in samples]
    said = {role: [len(text(m)) for s in every for m in s.messages if m.role == role] for role in ("user", "assistant")}
    assert numbers(rows(card, "Texts")) == {
        "messages per sample": five([len(s.messages) for s in every]),
        "characters per sample": five([sum(len(text(m)) for m in s.messages) for s in every]),
        "characters per user message": five(said["user"]),
        "characters per assistant message": five(said["assistant"]),
    }
    known = [m for s in every for m in s.media if m.type == "image" and m.width]
    assert numbers(rows(card, "Pictures")) == {
        "pictures per sample, missing ones too": five([len(s.images) for s in every]),
        "width, pixels": five([m.width for m in known]),
        "height, pixels": five([m.height for m in known]),
    }


def test_counts(shards, card):
    every = [sample for samples in shards[1].values() for sample in samples]
    columns = {
        "Tasks": "task",
        "Instruction types": "instruction_type",
        "Abilities": "ability",
        "Languages": "language",
    }
    for title, column in columns.items():
        expected = Counter(getattr(s, column) for s in every)
        assert numbers(rows(card, title)) == {value: (count,) for value, count in expected.items()}
    assert set(numbers(rows(card, "Tasks"))) == set(TASKS)
    assert numbers(rows(card, "Regions")) == {
        k: (n,) for k, n in Counter(r.kind for s in every for r in s.regions).items()
    }
    assert numbers(rows(card, "Spans")) == {k: (n,) for k, n in Counter(x.kind for s in every for x in s.spans).items()}
    blobs = {kind: [b for s in every for b in getattr(s, column)] for kind, column in COLUMNS.items()}
    assert numbers(rows(card, "Media")) == {
        kind: (sum(b is not None for b in found), found.count(None), 0) for kind, found in blobs.items()
    }
    assert numbers(rows(card, "Samples")) == {
        "with regions": (sum(bool(s.regions) for s in every),),
        "with unresolved regions": (0,),
        "with missing media": (sum(any(b is None for c in COLUMNS.values() for b in getattr(s, c)) for s in every),),
        "without media": (sum(not s.media for s in every),),
    }
    assert f"\n{len(every)} samples for vision-language" in card


def test_build_report(card):
    assert "llava-instruct-150k: 50 native records of subset `default`, split `train`: 46 converted, 1 partial" in card
    assert "\n3 quarantined." in card
    assert numbers(rows(card, "What the build made of the release")) == {
        "image: a \\| in a reason": (2,),
        "conversations[]: empty": (1,),
    }


def test_the_rebuild_command_is_that_of_each_build(shards, card, tmp_path):
    facts = dataset_facts(shards[0])
    start = f"  - `vlit build {made.NAME} --raw RAW --out SHARDS --subset"
    assert f"{start} default --split train`" in card and card.count("vlit build") == 1
    [build] = facts.builds
    builds = (build, {**build, "subset": "conversation 58k", "split": "test", "options": {"context": 3}})
    card = dataset_card(dataclasses.replace(facts, builds=builds))
    assert f"{start} 'conversation 58k' --split test --option context=3`" in card and card.count("vlit build") == 2
    card = dataset_card(dataclasses.replace(facts, builds=()))
    commands = re.findall(r"--subset (\S+) --split (\S+)`", card)
    assert sorted(commands) == sorted((subset, split) for subset, split in shards[1])


def test_facts_of_what_a_run_was_tuned_on(shards):
    folder, content = shards
    for selection in ({}, {"subset": "default"}, {"split": "train"}, {"subset": "default", "split": "train"}):
        index = Index(folder, **selection)
        facts = dataset_facts(folder, index=index.fingerprint)
        assert (facts.fingerprint, facts.total) == (index.fingerprint, len(index))
        assert [(s.subset, s.split) for s in facts.splits] == [(s.subset, s.split) for s in index.splits]
        assert len(facts.builds) == 1
    assert dataset_facts(folder, index=Index(folder, subset="detail_23k").fingerprint).builds == ()
    with pytest.raises(ValueError, match="neither it nor a subset or split of it is bb22"):
        dataset_facts(folder, index="bb22")


def test_unresolved_regions_and_no_build(tmp_path):
    from vlit_hub.shards import ShardWriter

    with ShardWriter(tmp_path / "s", made.NAME, "default", "train") as writer:
        writer.write(made.boxed(1, frame="pixel"))
    facts = dataset_facts(tmp_path / "s")
    assert (facts.samples["with_unresolved_regions"], facts.builds) == (1, ())
    assert "What the build made" not in dataset_card(facts)


def test_every_command_on_the_card_gives_its_numbers(shards, card):
    folder, content = shards
    commands = set(re.findall(r"Command: `python -m (\S+) SHARDS (\w+)`", card))
    assert {section for _, section in commands} == {
        "splits", "text", "pictures", "labels", "regions", "spans", "samples", "media", "builds",
    }  # fmt: skip
    [module] = {module for module, _ in commands}
    done = subprocess.run(
        [sys.executable, "-m", module, str(folder), "labels"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert {task: (count,) for task, count in found["task"].items()} == numbers(rows(card, "Tasks"))
    facts = dataset_facts(folder)
    assert all(facts.section(section) for _, section in commands)
    with pytest.raises(KeyError, match="there are fingerprint, parts, splits"):
        facts.section("nothing")


def test_metadata(shards, card):
    data = DatasetCard(card).data.to_dict()
    assert data["license"] == "cc-by-4.0" and "license_name" not in data
    assert data["language"] == ["en", "zh"]
    assert data["size_categories"] == ["n<1K"]
    assert data["task_categories"] == sorted(set(TASK_CATEGORIES.values()))
    assert [entry["config_name"] for entry in data["configs"]] == ["webdataset", "webdataset-detail_23k"]
    for entry in data["configs"]:
        for files in entry["data_files"]:
            assert list(shards[0].glob(files["path"]))
    assert [files["split"] for files in data["configs"][0]["data_files"]] == ["train", "test_clean"]
    examples = {e["config_name"]: {s["name"]: s["num_examples"] for s in e["splits"]} for e in data["dataset_info"]}
    sizes = {key: len(samples) for key, samples in shards[1].items()}
    assert examples == {
        "webdataset": {"train": sizes["default", "train"], "test_clean": sizes["default", "test_clean"]},
        "webdataset-detail_23k": {"train": sizes["detail_23k", "train"]},
    }


def test_hub_takes_the_cards(shards, card, hub, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    DatasetCard(card).validate()
    facts = dataset_facts(shards[0])
    ModelCard(model_card(tuned_on(facts), EVALUATED, VERIFIED, [facts])).validate()
    with pytest.raises(ValueError, match="Invalid YAML"):
        DatasetCard.validate(_Raw("---\na: [\n---\n"))


class _Raw:
    repo_type = "dataset"

    def __init__(self, content: str) -> None:
        self.content = content

    def __str__(self) -> str:
        return self.content


def test_every_registered_dataset_has_a_card(shards):
    facts = dataset_facts(shards[0])
    configs = tar_configs(manifests.load(shards[0]), "")
    for name in registry.names():
        spec = registry.get(name)
        splits = tuple(dataclasses.replace(split, dataset=name) for split in facts.splits)
        card = dataset_card(dataclasses.replace(facts, parts=(Part.of(spec),), splits=splits), configs)
        loaded = DatasetCard(card)
        metadata = loaded.data.to_dict()
        assert (card_rules.errors(metadata), card_rules.warnings(metadata)) == ([], []), name
        assert consequence(Part.of(spec)).paragraph in loaded.text
        for said in (spec.title, spec.paper, spec.licence_stated, spec.obtain, spec.survey_category, *spec.terms):
            assert " ".join(said.split()).replace("|", "\\|") in loaded.text
        assert SURVEY in loaded.text and f"@misc{{{name}," in loaded.text
        licence = loaded.data.to_dict()
        assert licence["license"] == (spec.licence.lower() or "other")
        assert ("license_name" in licence) == (licence["license"] == "other")


def test_mixture(tmp_path):
    made.write(tmp_path / "s", "coco-arc")
    made.write(tmp_path / "s", "pmc-vqa")
    card = shards_card(tmp_path / "s")
    data = DatasetCard(card).data.to_dict()
    assert (data["license"], data["license_name"]) == ("other", "licences-of-the-parts")
    names = [entry["config_name"] for entry in data["configs"]]
    assert names == [
        "webdataset",
        "webdataset-coco-arc-detail_23k",
        "webdataset-pmc-vqa",
        "webdataset-pmc-vqa-detail_23k",
    ]
    assert "### COCO_ARC (`coco-arc`)" in card and "### PMC-VQA (`pmc-vqa`)" in card
    table = rows(card, "What it holds")
    assert Counter(row[0] for row in table) == {"coco-arc": 3, "pmc-vqa": 3}
    assert tar_configs(manifests.load(tmp_path / "s"), "")[0].samples == 59


def test_note_and_yaml_survive_odd_words(shards):
    facts = dataset_facts(shards[0])
    part = dataclasses.replace(facts.parts[0], title='A: "b" # {c} --- | 图', licence="", licence_stated="x | y\nz")
    card = dataset_card(dataclasses.replace(facts, parts=(part,)), note="Rendered scenes, not the release.")
    assert DatasetCard(card).data.pretty_name == 'A: "b" # {c} --- | 图'
    assert "\nRendered scenes, not the release.\n" in card
    assert "| licence, as stated | x \\| y z |" in card
    assert hub_licence([part]) == {"license": "other", "license_name": f"{made.NAME}-as-stated"}


def test_tables_of_words_are_complete():
    assert set(TASK_CATEGORIES) == set(TASKS)
    assert [size_category(n) for n in (0, 999, 1000, 99_999, 10**6, 10**9)] == [
        "n<1K", "n<1K", "1K<n<10K", "10K<n<100K", "1M<n<10M", "n>1B",
    ]  # fmt: skip


def test_spread():
    assert Spread.of(Counter([5])) == Spread(1, 5, 5, 5, 5)
    assert Spread.of(Counter(range(1, 101))) == Spread(100, 1, 50, 95, 100)
    assert Spread.of({}) == Spread()


# -- model cards -------------------------------------------------------------------------------------------------------

TRAINED = {
    "family": "llava", "setting": "VLIT",
    "modules": {"model.multi_modal_projector": 1200, "model.language_model": 34_000, "lm_head": 0},
    "trainable": 35_200, "frozen": 8_000,
    "hyper": {"learning_rate": 2e-5, "global_batch": 32, "max_length": 2048, "lr": {}, "dtype": "float32"},
    "data": {"fingerprint": "aa11", "index": "bb22", "measure": "cc33", "missing": "drop", "seed": 0, "tail": "drop",
             "samples": 55, "seen": {made.NAME: 110}, "skipped": 0,
             "left_out": {made.NAME: {"missing_media": 5, "no_reply": 1}}},
    "steps": 12, "epochs": 1.5, "tokens": 4321, "seconds": 12.34, "loss_first": 3.5, "loss_last": 0.51234,
    "hardware": {"device": "cpu", "name": "x86_64", "processes": 1, "cpus": 2},
    "versions": {"torch": "2.14.1", "python": "3.11.7"},
}  # fmt: skip
ALIGNED = {**TRAINED, "setting": "FA", "modules": {"model.multi_modal_projector": 1200}, "trainable": 1200,
           "frozen": 42_000, "steps": 1234, "loss_first": None, "loss_last": None}  # fmt: skip


def _row(kind: str, name: str, accuracy: float, low: float) -> dict:
    gain = {"value": accuracy - 0.34, "low": low, "high": 0.4, "n": 50, "groups": 25}
    return {"kind": kind, "name": name, "n": 50, "groups": 25, "accuracy": accuracy, "low": accuracy - 0.1,
            "high": accuracy + 0.1, "controls": {"majority": 0.3, "shuffled": 0.34},
            "gains": {"majority": {**gain, "low": 0.1}, "shuffled": gain}}  # fmt: skip


EVALUATED = {
    "samples": 60, "scored": 50, "unanswerable": {"no reference": 10},
    "rows": [_row("all", "", 0.625, 0.1), _row("ability", "counting", 0.36, -0.02)],
    "settings": {"controls": ["majority", "shuffled"], "interval": "95 %, bootstrap over groups, 1000 resamples",
                 "shuffled": "pictures of another group"},
}  # fmt: skip
TESTED = {"index": "dd44", "splits": [[made.NAME, "default", "test_clean"]], "samples": 2}
VERIFIED = {
    "ok": True, "samples": 40, "dropped": {"too long": 2},
    "rows": [{"check": "tokens", "what": "token counts = features", "checked": 38, "failed": 0, "first": "",
              "passed": True}],
}  # fmt: skip


def tuned_on(facts, report=TRAINED):
    return {**report, "data": {**report["data"], "index": facts.fingerprint}}


def evaluated(data, **settings):
    return {**EVALUATED, "settings": {**EVALUATED["settings"], "data": data, **settings}}


def test_strata_of_both_kinds_are_told_apart_on_the_card(shards):
    facts = dataset_facts(shards[0])
    report = {**EVALUATED, "rows": [_row(kind, "none", 0.5, -0.1) for kind in ("ability", "instruction_type")]}
    card = model_card(tuned_on(facts), report, None, [facts])
    assert [row[0] for row in rows(card, "Results")] == ["ability: none", "instruction type: none"]
    names = [result.metric_name for result in ModelCard(card).data.eval_results]
    assert len(names) == len(set(names)) == 6


def test_facts_of_other_shards_are_refused(shards):
    facts = dataset_facts(shards[0])
    with pytest.raises(ValueError, match=f"VLIT was tuned on index bb22, the facts are of {facts.fingerprint}"):
        model_card(TRAINED, None, None, [facts])
    with pytest.raises(ValueError, match="2 stages, facts of 1 folders"):
        model_card(tuned_on(facts), None, None, [facts], earlier=[tuned_on(facts, ALIGNED)])


def test_the_recipe_on_the_card_is_the_one_that_was_run(shards):
    from vlit_hub.training.recipe import recipe_from
    from vlit_hub.training.report import ARGUMENTS

    facts = dataset_facts(shards[0], index=Index(shards[0], subset="detail_23k").fingerprint)
    ran = recipe_from({
        "model": "MODEL", "data": "SHARDS", "out": "OUT", "setting": "VLIT", "global_batch": 8, "max_length": 512,
        "lr": {"projector": 1e-3}, "seed": 7, "tail": "repeat", "learning_rate": 2e-5, "max_steps": 12,
        "lr_scheduler_type": "cosine", "activation_checkpointing": True, "subset": "detail_23k", "split": "train",
    })  # fmt: skip
    arguments = ran.arguments().to_dict()
    hyper = {key: arguments[key] for key in ARGUMENTS} | {"global_batch": 8, "max_length": 512}
    report = {**tuned_on(facts), "hyper": hyper | {"lr": dict(ran.lr), "dtype": ran.dtype}}
    report["data"] |= {"seed": 7, "tail": "repeat"}
    card = model_card(report, None, None, [facts])
    [block] = re.findall(r"```yaml\n# VLIT: vlit train RECIPE.yaml, on 1 process\n(.*?)```", card, re.DOTALL)
    again = recipe_from(yaml.safe_load(block))
    assert dataclasses.replace(again, training={}) == dataclasses.replace(ran, training={})
    assert {key: again.arguments().to_dict()[key] for key in ARGUMENTS} == {key: arguments[key] for key in ARGUMENTS}


def test_the_commands_on_the_card_are_those_of_the_reports(shards):
    facts = dataset_facts(shards[0])
    given = evaluated(TESTED, limit=50, seed=3, max_new_tokens=8, labels=True, training=False, model="tuned")
    card = model_card(tuned_on(facts), given, VERIFIED, [facts])
    assert (
        "`vlit eval SHARDS --model MODEL --labels LABELS --subset default --split test_clean --limit 50 --seed 3"
        " --max-new-tokens 8` (SHARDS: the folder of the tars, MODEL: tuned)"
    ) in card
    assert "`vlit verify SHARDS --processor MODEL --max-length 2048 --limit 40`" in card
    read = {**VERIFIED, "rows": [*VERIFIED["rows"], {**VERIFIED["rows"][0], "check": "model"}]}
    assert "`vlit verify SHARDS --model MODEL --max-length 2048 --limit 40`" in model_card(
        tuned_on(facts), given, read, [facts]
    )
    assert "On which data was not recorded." in card
    assert "what was evaluated was not recorded" in model_card(tuned_on(facts), EVALUATED, None, [facts])
    other = model_card(tuned_on(facts), None, {**VERIFIED, "index": "ee55", "max_length": 99}, [facts])
    assert f"Verified on other data: index `ee55`, tuned on `{facts.fingerprint}`." in other and "length 99 " in other
    same = model_card(tuned_on(facts), None, {**VERIFIED, "index": facts.fingerprint}, [facts])
    assert "other data" not in same and "not recorded" not in same.partition("## Verification")[2]


def test_card_command_takes_one_folder_for_all_stages_or_one_each(shards, tmp_path):
    folder, _ = shards
    facts = dataset_facts(folder, index=Index(folder, split="train").fingerprint)
    for name, report in (("fa", ALIGNED), ("tuned", TRAINED)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train_report.json").write_text(json.dumps(tuned_on(facts, report)))
    arguments = ["card", str(tmp_path / "tuned"), "--earlier", str(tmp_path / "fa"), "--data", str(folder)]
    assert CliRunner().invoke(app(), arguments).exit_code == 0
    card = (tmp_path / "tuned" / "README.md").read_text()
    assert [row[2] for row in rows(card, "Data")] == [str(facts.total)] * 2
    assert 'from_pretrained("<your repository>")' in card and str(tmp_path) not in card
    assert CliRunner().invoke(app(), [*arguments, "--data", str(folder)]).exit_code == 0
    refused = CliRunner().invoke(app(), [*arguments, "--data", str(folder), "--data", str(folder)])
    assert refused.exit_code == 1 and "one for all or 2 in order" in " ".join(refused.output.split())


def test_model_card(shards):
    facts = dataset_facts(shards[0])
    base = "llava-hf/llava-1.5-7b-hf"
    index = Index(shards[0], subset="default", split="train").fingerprint
    trained, aligned = tuned_on(facts), tuned_on(dataset_facts(shards[0], index=index), ALIGNED)
    both = [dataset_facts(shards[0], index=index), facts]
    card = model_card(trained, EVALUATED, VERIFIED, both, earlier=[aligned], base_model=base, dataset_id="local/pets")
    projector = "`model.multi_modal_projector` (1,200)"
    assert rows(card, "Setting: which modules were tuned") == [
        ["FA", projector, "1,200", "42,000"],
        ["VLIT", f"{projector}, `model.language_model` (34,000), `lm_head` (0)", "35,200", "8,000"],
    ]
    left = f"{made.NAME}: 5 missing_media; {made.NAME}: 1 no_reply"
    all_splits = ", ".join(f"{made.NAME} {s.subset}/{s.split}" for s in facts.splits)
    counts = ["`aa11`", "55", "110", "4,321", left]
    assert rows(card, "Data") == [
        ["FA", f"{made.NAME} default/train", "57", f"`{index}`", *counts],
        ["VLIT", all_splits, "61", f"`{facts.fingerprint}`", *counts],
    ]
    assert f"python -m vlit_hub.publishing.facts SHARDS splits {index}`" in card
    hyper = {row[0]: row[1:] for row in rows(card, "Hyper-parameters")}
    assert hyper["learning_rate"] == ["2e-05", "2e-05"] and hyper["steps"] == ["1,234", "12"]
    assert hyper["loss, first and last logged (nats a supervised token)"] == [
        "not logged -> not logged", "3.5000 -> 0.5123",
    ]  # fmt: skip
    assert rows(card, "Results") == [
        ["all", "50", "25", "62.5", "52.5 to 72.5", "30.0", "34.0"],
        ["ability: counting", "50", "25", "36.0", "26.0 to 46.0", "30.0", "34.0"],
    ]
    assert rows(card, "Verification") == [["tokens", "token counts = features", "38", "0"]]
    assert "every check passed" in card and "Left out by the processor, too long: 2." in card
    assert "reaches 0): ability: counting: shuffled.\n" in card
    assert "- not scored, no reference: 10" in card
    assert "under the Llama 2 Community License." in card
    assert "The data of VLIT are published as [local/pets]" in card
    assert "\n- untuned: not measured\n" in card and "\n- blind: not measured\n" in card
    assert rows(card, "Licences") == [
        ["LLaVA-Instruct-150K", facts.parts[0].licence_stated, "CC-BY-4.0", "; ".join(facts.parts[0].terms)]
    ]
    assert "1 process on cpu (x86_64), 12.3 s; torch 2.14.1, python 3.11.7" in card
    assert SURVEY in card and "liu2023llava" in card


def test_model_index(shards):
    facts = dataset_facts(shards[0])
    trained = tuned_on(facts)
    data = ModelCard(model_card(trained, EVALUATED, None, [facts], dataset_id="local/pets", title="T")).data
    found = {result.metric_name: result for result in data.eval_results}
    assert {name: result.metric_value for name, result in found.items()} == {
        "accuracy, all": 0.625, "majority control, all": 0.3, "shuffled control, all": 0.34,
        "accuracy, ability: counting": 0.36, "majority control, ability: counting": 0.3,
        "shuffled control, ability: counting": 0.34,
    }  # fmt: skip
    assert found["accuracy, all"].metric_args == {"n": 50, "groups": 25, "low": 0.525, "high": 0.725}
    assert {(r.dataset_name, r.dataset_type) for r in data.eval_results} == {("not recorded", "not-recorded")}
    card = model_card(trained, evaluated(TESTED), None, [facts], evaluated_on="held-out pets")
    results = ModelCard(card).data.eval_results
    assert {(r.dataset_name, r.dataset_type) for r in results} == {(f"{made.NAME} default/test_clean", made.NAME)}
    assert "50 of 60 samples scored, held-out pets." in card and "2 samples in all, index `dd44`" in card
    again = model_card(trained, evaluated({**TESTED, "index": facts.fingerprint}), None, [facts])
    name = f"{made.NAME} default/test_clean (on the training shards)"
    assert {r.dataset_name for r in ModelCard(again).data.eval_results} == {name} and f"data: {name}," in again
    assert (data.model_name, data.datasets, data.license) == ("T", ["local/pets"], "other")


def test_a_model_that_was_not_tested_says_so(shards):
    facts = dataset_facts(shards[0])
    card = model_card({**tuned_on(facts), "family": "qwen2_5_vl"}, None, None, [facts])
    assert "\nNot evaluated.\n" in card and "\nNot verified.\n" in card
    assert "there is no shuffled-picture control" in card
    assert "its starting weights are no published model" in card
    data = ModelCard(card).data.to_dict()
    assert "model-index" not in data and "base_model" not in data
    assert yaml.safe_load(card.split("---\n")[1])["language"] == ["en", "zh"]


def test_every_family_has_its_facts_and_a_card(shards):
    measured = dataset_facts(shards[0])
    for family in FAMILIES:
        facts = family_facts(family)
        stages = {stage for known, stage in SETTINGS if known == family} | set(ANY_FAMILY)
        assert set(facts["stages"]) == stages
        card = model_card({**tuned_on(measured), "family": family}, EVALUATED, VERIFIED, [measured])
        assert card_checked(card) == ([], []) and facts["citation"].splitlines()[0] in card
        assert facts["base_models"] and facts["title"] and facts["paper"] and facts["citation"].startswith("@")
    with pytest.raises(ValueError, match="add model_cards/nothing.yaml"):
        family_facts("nothing")


def test_the_card_of_a_mixture_names_its_lock(tmp_path):
    from vlit_hub.shards.mixture import load_mixture
    from vlit_hub.shards.mixture_lock import Lock

    for name in ("coco-arc", "pmc-vqa"):
        made.write(tmp_path / name, name)
    (tmp_path / "mix.yaml").write_text("sources:\n- {shards: coco-arc, subset: default}\n- pmc-vqa#10\nseed: 3\n")
    loaded = load_mixture(tmp_path / "mix.yaml")
    index = Index(loaded.parts)
    plan = loaded.plan(index, None)
    Lock.of(plan, index, loaded.document).save(tmp_path / "vlit.lock")
    report = {**TRAINED, "data": {**TRAINED["data"], "index": index.fingerprint, "fingerprint": plan.fingerprint}}
    (tmp_path / "tuned").mkdir()
    (tmp_path / "tuned" / "train_report.json").write_text(json.dumps(report))
    given = ["card", str(tmp_path / "tuned"), "--lock", str(tmp_path / "vlit.lock")]
    done = CliRunner().invoke(app(), given)
    assert done.exit_code == 0, done.output
    card = (tmp_path / "tuned" / "README.md").read_text()
    assert f"(sha256 `{hashlib.sha256((tmp_path / 'vlit.lock').read_bytes()).hexdigest()}`" in card
    section = card.partition("gives the same batches anywhere")[2]
    lines = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| ")][1:3]
    assert [[cell.strip() for cell in line][:3] for line in lines] == [
        [share.name, f"{share.matching:,}", f"{share.samples:,}"] for share in plan.shares
    ]
    facts = dataset_facts(tmp_path / "vlit.lock", index=index.fingerprint)
    assert facts.total == len(index) and [part.name for part in facts.parts] == ["coco-arc", "pmc-vqa"]
    assert "share-alike" in card.partition("## Licences")[2]
    with pytest.raises(ValueError, match=f"locks the plan {plan.fingerprint}, VLIT was tuned on aa11"):
        model_card({**report, "data": {**report["data"], "fingerprint": "aa11"}}, None, None, [facts],
                   lock=tmp_path / "vlit.lock")  # fmt: skip
