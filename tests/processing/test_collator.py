"""From a Store through a DataLoader to the model; measured lengths hold, or it says so."""

import re
from collections import Counter

import msgspec
import pytest
import torch
from torch.utils.data import DataLoader

from tests.processing.samples import FAMILIES, SAMPLES, processor, sample, tiny
from vlit_hub.media import UnreadableMedia
from vlit_hub.processing import Dropped, LengthMismatch, VLITCollator, measure
from vlit_hub.processing.encoder import Encoder
from vlit_hub.schema import Blob
from vlit_hub.shards import (
    Fetch,
    Plan,
    ShardError,
    ShardWriter,
    Skipped,
    StepSampler,
    Store,
    TooManyFailures,
    read_measure,
)

LENGTH = 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("shards")
    query = sample(("user", "a"), ("assistant", "b"), ("user", "c"), name="query")
    with ShardWriter(path, "tests", "default", "train") as writer:
        for made in [*SAMPLES, query]:
            writer.write(made)
    return path


@pytest.mark.parametrize("family", FAMILIES)
def test_measured_columns_are_those_of_encode(folder, family):
    store, ours = Store(folder), processor(family)
    done = []
    found = measure(store, ours, LENGTH, progress=done.append)
    assert done == list(range(1, len(store) + 1))
    columns = read_measure(store.index, ours.fingerprint(LENGTH))
    encoded = [ours.encode(store[row], LENGTH) for row in range(len(store))]
    assert columns.length.tolist() == [e.length for e in encoded]
    assert columns.image_tokens.tolist() == [e.input_ids.count(ours.native.image_token_id) for e in encoded]
    assert columns.supervised.tolist() == [sum(label != -100 for label in e.labels) for e in encoded]
    assert [columns.reasons[code] for code in columns.reason] == [e.dropped for e in encoded]
    dropped = dict(Counter(e.dropped for e in encoded if e.dropped))
    assert found.dropped == {"tests": dropped} and found.kept == len(store) - sum(dropped.values())
    assert dropped["open_end"] == 1 and set(dropped) <= {"open_end", "too_long"}
    assert (found.samples, found.tokens) == (len(store), sum(e.length for e in encoded))
    assert measure(store, ours, LENGTH, progress=done.append) == found and len(done) == len(store), "not done twice"


def test_what_was_dropped_under_skip_is_read_again_under_raise(tmp_path):
    with ShardWriter(tmp_path, "tests", "default", "train") as writer:
        for made in SAMPLES[:4]:
            writer.write(made)
    (shard,) = tmp_path.rglob("*.tar")
    whole, at = shard.read_bytes(), Store(tmp_path).index.row(2).offset
    shard.write_bytes(whole[:at] + b"{]" + whole[at + 2 :])
    done, ours = [], processor("llava")
    found = measure(Store(tmp_path, on_error="skip"), ours, LENGTH)
    assert found.dropped == {"tests": {"unreadable_sample": 1}} and found.kept == 3
    assert measure(Store(tmp_path, on_error="skip"), ours, LENGTH, progress=done.append) == found and not done
    with pytest.raises(ShardError, match="tests-default-train-000000002"):
        measure(Store(tmp_path), ours, LENGTH)
    shard.write_bytes(whole)
    found = measure(Store(tmp_path), ours, LENGTH, progress=done.append)
    assert found.kept == 4 and done == [1], "only the one that was dropped is read"
    assert read_measure(Store(tmp_path).index, found.fingerprint).length.tolist() == [
        ours.encode(made, LENGTH).length for made in SAMPLES[:4]
    ]


def test_measure_reads_no_pixels(tmp_path):
    made = sample(("user", "<0>?"), ("assistant", "No."), sizes=((64, 48),))
    made.images[0] = Blob(bytes=b"not a picture")
    with ShardWriter(tmp_path, "tests", "default", "train") as writer:
        writer.write(made)
    assert measure(Store(tmp_path), processor("llava"), LENGTH).kept == 1


@pytest.mark.parametrize(("family", "workers"), [("llava", 0), ("qwen2_5_vl", 2)])
def test_through_a_dataloader(folder, family, workers):
    store, ours, model = Store(folder), processor(family), tiny(family)[0]
    plan = Plan(store.index, measure=measure(store, ours, LENGTH).fingerprint)
    sampler = StepSampler(plan, global_batch=4, micro_batch=2, epochs=1)
    loader = DataLoader(store, batch_sampler=sampler, collate_fn=VLITCollator(ours, LENGTH), num_workers=workers)
    batches = list(loader)
    assert len(batches) == len(sampler) and len(batches) >= 2
    for fetch, batch in zip(sampler, batches, strict=True):
        note = batch.pop("vlit")
        assert (note["cursor"], note["step"], note["last"], note["rows"]) == (
            fetch.cursor, fetch.step, fetch.last, fetch.items,
        )  # fmt: skip
        assert note["keys"] == [store[row].id for (row,) in fetch.items] and note["datasets"] == ["tests"] * 2
        assert note["supervised"] == (batch["labels"] != -100).sum() and note["skipped"] == []
        assert batch["attention_mask"].sum(1).tolist() == fetch.lengths
        with torch.no_grad():
            assert torch.isfinite(model(**batch).loss)


@pytest.mark.parametrize("family", ["llava", "qwen2_5_vl", "smolvlm"])
def test_a_length_smaller_than_one_picture_is_refused(tmp_path, family):
    with ShardWriter(tmp_path, "tests", "default", "train") as writer:
        writer.write(sample(("user", "<0>?"), ("assistant", "No."), sizes=((640, 480),)))
    least = processor(family).least_picture()
    with pytest.raises(ValueError, match=f"max_length {least} is smaller than one picture, which takes {least} tokens"):
        measure(Store(tmp_path), processor(family), least)


def fetched(store, rows, lengths=()):
    return store.__getitems__(Fetch([(row,) for row in rows], list(lengths), 3, True, (0, 0, 7)))


def test_a_length_that_differs_from_the_plan_raises(folder):
    store = Store(folder)
    right = processor("llava").encode(store[0], LENGTH).length
    collator = VLITCollator(processor("llava"), LENGTH)
    assert collator(fetched(store, [0], [right]))["input_ids"].shape == (1, right)
    with pytest.raises(LengthMismatch, match=f"tests one has {right} tokens, the plan says {right + 1}: measure again"):
        collator(fetched(store, [0], [right + 1]))


def test_a_sample_that_should_have_been_dropped_raises(folder):
    store = Store(folder)
    with pytest.raises(Dropped, match="tests query: the last message"):
        VLITCollator(processor("llava"), LENGTH)(fetched(store, [len(store) - 1]))


@pytest.mark.parametrize("supervised_only", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_skipped_sample_adds_nothing_to_the_loss(folder, family, supervised_only):
    store, model = Store(folder), tiny(family)[0]
    collator = VLITCollator(processor(family), LENGTH, supervised_only=supervised_only)
    items, fetch = fetched(store, [0, 3], [processor(family).encode(store[row], LENGTH).length for row in (0, 3)])
    whole = collator((items, fetch))
    holed = collator(([[items[0][0]], [Skipped(3, "the tar is torn")]], fetch))
    alone = collator([items[0][0]])
    note = holed.pop("vlit")
    assert note["skipped"] == ["the tar is torn"] and note["keys"] == ["one", ""] and note["datasets"] == ["tests", ""]
    assert holed["attention_mask"].sum(1).tolist()[1] == 1 and (holed["labels"][1] == -100).all()
    assert note["supervised"] == alone.pop("vlit")["supervised"] < whole.pop("vlit")["supervised"]
    with torch.no_grad():
        assert torch.allclose(model(**holed).loss, model(**alone).loss, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_supervised_only_gives_the_same_loss_and_gradients(folder, family):
    store, model = Store(folder), tiny(family)[0]
    results = []
    for supervised_only in (False, True):
        batch = VLITCollator(processor(family), 400, supervised_only=supervised_only)([store[r] for r in (1, 3, 6)])
        count = batch.pop("vlit")["supervised"]
        model.zero_grad()
        out = model(**batch, num_items_in_batch=count)
        out.loss.backward()
        results.append((out.loss.detach(), [p.grad.clone() for p in model.parameters() if p.grad is not None]))
        if supervised_only:
            assert out.logits.numel() == count * out.logits.shape[-1]
    model.zero_grad()
    assert torch.allclose(results[0][0], results[1][0], atol=1e-6)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(results[0][1], results[1][1], strict=True))


def test_a_broken_picture_is_raised_or_skipped():
    torn = sample(("user", "<0>?"), ("assistant", "No."), sizes=((64, 48),), name="torn")
    torn.images[0] = Blob(bytes=torn.images[0].bytes[:200])
    with pytest.raises(UnreadableMedia, match="tests torn"):
        VLITCollator(processor("llava"), LENGTH)([torn, SAMPLES[0]])
    batch = VLITCollator(processor("llava"), LENGTH, on_error="skip")([torn, SAMPLES[0]])
    assert batch["attention_mask"].sum(1).tolist()[0] == 1 and "tests torn" in batch["vlit"]["skipped"][0]
    assert batch["pixel_values"].shape[0] == 1 and batch["vlit"]["keys"] == ["torn", "one"]


def test_whatever_goes_wrong_names_the_place_of_the_sample(folder, monkeypatch):
    store = Store(folder)
    right = processor("llava").encode(store[0], LENGTH).length
    collator = VLITCollator(processor("llava"), LENGTH)
    where = str(store.provenance(0))
    with pytest.raises(LengthMismatch) as caught:
        collator(fetched(store, [0], [right + 1]))
    assert caught.value.__notes__ == [f"collating {where}"] and "tests, tests-default-train-000000.tar at byte" in where
    monkeypatch.setattr(Encoder, "encode", lambda self, samples, length: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        collator(fetched(store, [0]))
    assert caught.value.__notes__ == [f"collating {where}"]


def test_a_worker_names_the_place_too(folder):
    store = Store(folder)
    loader = DataLoader(
        store, batch_sampler=[Fetch([(len(store) - 1,)], [], 0, True, (0, 0, 1))],
        collate_fn=VLITCollator(processor("llava"), LENGTH), num_workers=1,
    )  # fmt: skip
    with pytest.raises(Exception, match=f"collating {re.escape(str(store.provenance(len(store) - 1)))}"):
        list(loader)


def test_every_batch_carries_the_provenance_of_its_samples(folder):
    store = Store(folder)
    note = VLITCollator(processor("llava"), LENGTH)(fetched(store, [3, 0]))["vlit"]
    assert note["provenance"] == [store.provenance(3), store.provenance(0)]


def test_pictures_that_fail_in_a_row_stop_the_run():
    torn = sample(("user", "<0>?"), ("assistant", "No."), sizes=((64, 48),), name="torn")
    torn.images[0] = Blob(bytes=torn.images[0].bytes[:200])
    collator = VLITCollator(processor("llava"), LENGTH, on_error="skip", patience=3)
    for _ in range(2):
        collator([torn, torn, SAMPLES[0]])
    assert collator.patience.skipped == {"tests": 4}
    with pytest.raises(
        TooManyFailures, match="tests: 3 samples in a row are unusable, .* torn: picture 0"
    ):
        collator([torn, torn, torn])


def test_impossible_settings_are_refused():
    with pytest.raises(ValueError, match="on_error: 'ignore' is not one of: raise, skip"):
        VLITCollator(processor("llava"), LENGTH, on_error="ignore")
    with pytest.raises(ValueError, match="an item of 2 samples: family kosmos2 does not pack"):
        VLITCollator(processor("kosmos2"), LENGTH)(([SAMPLES[:2]], Fetch([(0, 1)], [], 0, True, (0, 0, 2))))


def test_text_only_batches_have_no_pixels():
    batch = VLITCollator(processor("qwen2_5_vl"), LENGTH)([msgspec.structs.replace(SAMPLES[3], id="t")])
    assert set(batch) == {"input_ids", "attention_mask", "labels", "mm_token_type_ids", "vlit"}
