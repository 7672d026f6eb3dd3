"""What verify proves with the model: it takes the samples, packs do not leak, pictures are told to matter or not."""

import json
import re

import pytest
import torch
from typer.testing import CliRunner

from tests.processing.samples import SAMPLES, processor, tiny
from tests.tiny import BUILDERS
from tests.verify.test_verify import FAMILIES, LENGTH, SLOW
from vlit_hub.cli import app
from vlit_hub.processing import VLITCollator
from vlit_hub.shards import ShardWriter
from vlit_hub.verify import Tuned, verify

ROWS = ("model", "packed logits", "pictures matter")


def collator(family, kind=VLITCollator):
    text = tiny(family)[0].config.get_text_config()
    window = getattr(text, "sliding_window", None)
    return kind(processor(family), LENGTH, supervised_only=True, attention=text._attn_implementation, window=window)


def rows(family, collate=None, model=None, samples=SAMPLES):
    tuned = Tuned(model or tiny(family)[0], collate or collator(family))
    report = verify(samples, processor(family), LENGTH, tuned=tuned)
    assert [row.check for row in report.rows if not row.passed and row.check not in ROWS] == []
    return {row.check: row for row in report.rows if row.check in ROWS}


@pytest.mark.parametrize("family", [*FAMILIES, *SLOW])
def test_clean_packs_pass(family):
    found = rows(family)
    assert tuple(found) == ROWS and all(row.passed for row in found.values())
    assert found["model"].checked in (5, 6)
    if family == "kosmos2":
        assert found["packed logits"].result == "not said"
        assert found["packed logits"].why.startswith("not for this family: kosmos2 does not pack (its decoder takes no")
    else:
        assert found["packed logits"].result == "pass"
        assert found["packed logits"].note.startswith("largest difference of logits ")


class Leaking(VLITCollator):
    """Positions count on from sample to sample, as they do where nobody thinks of packs; Qwen's do too."""

    def __call__(self, fetched):
        made = super().__call__(fetched)
        if "position_ids" in made:
            made["position_ids"] = torch.arange(made["input_ids"].shape[1]).expand(made["position_ids"].shape)
        return made


@pytest.mark.parametrize("family", FAMILIES)
def test_a_collator_that_leaks_is_caught(family):
    found = rows(family, collator(family, Leaking))
    row = found["packed logits"]
    assert (row.checked, row.failed) == (1, 1) and found["model"].passed
    assert "packed, its logits are up to" in row.first and row.first.startswith("tests ")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_that_leaks_is_caught(family):
    """A model that drops position ids before it makes its mask."""
    model = BUILDERS[family]()[0]
    model.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {k: v for k, v in kwargs.items() if k != "position_ids"}), with_kwargs=True
    )
    row = rows(family, model=model)["packed logits"]
    assert row.failed == 1 and "packed, its logits are up to" in row.first


def test_a_model_that_does_not_see_is_told():
    """Any picture costs the same to three digits where the projector gives zeros."""
    blind = BUILDERS["llava"]()[0]
    blind.model.multi_modal_projector.register_forward_hook(lambda module, args, output: torch.zeros_like(output))
    costs = []
    for model in (tiny("llava")[0], blind):
        row = rows("llava", model=model)["pictures matter"]
        assert (row.result, row.checked, row.failed) == ("told", 0, 0)
        told = re.match(r"([\d.]+) nats .* with its own picture, ([\d.]+) with another's; .* of 4$", row.note)
        costs.append(told.groups())
    assert costs[0][0] != costs[0][1] and costs[1][0] == costs[1][1]


def test_one_picture_cannot_tell():
    row = rows("llava", samples=[SAMPLES[0], SAMPLES[3]])["pictures matter"]
    assert (row.result, row.why) == ("not said", "no two samples with different pictures were read")


def test_a_model_of_another_picture_token_is_red():
    model = BUILDERS["llava"]()[0]
    model.config.image_token_id = 5
    row = rows("llava", model=model)["model"]
    assert row.failed and "the model does not take it: ValueError: " in row.first


def test_the_command_reads_a_model(tmp_path):
    with ShardWriter(tmp_path / "data", "tests", "default", "train") as writer:
        for made in SAMPLES:
            writer.write(made)
    tiny("llava")[0].save_pretrained(tmp_path / "model")
    processor("llava").save_pretrained(tmp_path / "model")
    told = ["verify", str(tmp_path / "data"), "--model", str(tmp_path / "model"), "--max-length", str(LENGTH)]
    done = CliRunner().invoke(app(), [*told, "--json"])
    assert done.exit_code == 0, done.output
    found = {row["check"]: row for row in json.loads(done.stdout)["rows"]}
    assert (found["packed logits"]["result"], found["pictures matter"]["result"]) == ("pass", "told")
    shown = CliRunner().invoke(app(), told).stdout
    assert "packed logits: largest difference of logits" in shown
    refused = CliRunner().invoke(app(), ["verify", str(tmp_path / "data"), "--json"])
    assert refused.exit_code == 1 and "give --processor, --model or both" in refused.output
