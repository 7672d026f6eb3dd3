"""The processor against transformers' own path: same ids, same pixels, same loss; and its files."""

import json
import pickle
import subprocess
import sys

import PIL.Image
import pytest
import torch
from transformers import AutoProcessor

from tests.processing.samples import FAMILIES, SAMPLES, processor, sample, tiny
from tests.tiny import MODULES
from tests.tiny.llava import TEMPLATE as LLAVA_TEMPLATE
from vlit_hub.chat import NotChat, to_chat
from vlit_hub.media import UnreadableMedia
from vlit_hub.processing import UnknownFamily, VLITProcessor
from vlit_hub.schema import Blob, Media


def native_inputs(ours, made):
    """transformers' own path, without us: chat -> template -> processor."""
    chat = to_chat(made, ours.dialect, lambda w, h: ours.family.resize(ours.native, (w, h), None))
    messages = chat["messages"] if "messages" in chat else chat["prompt"] + chat["completion"]
    text = ours.native.apply_chat_template(messages)
    return ours.native(text=[text], images=[chat["images"]] if chat["images"] else None, return_tensors="pt")


@pytest.mark.parametrize("family", FAMILIES)
def test_ids_and_pixels_are_the_native_ones(family):
    ours = processor(family)
    for made in SAMPLES:
        if made.id == "untrained":
            continue  # plain chat cannot say it
        batch, native = ours([made], 4000), native_inputs(ours, made)
        assert set(batch) - {"labels"} == set(native)
        for key in native:  # SmolVLM's pictures are one row of tiles there, one tile a row here
            assert torch.equal(batch[key].reshape(native[key].shape), native[key]), (made.id, key)


@pytest.mark.parametrize("family", FAMILIES)
def test_loss_equals_one_computed_by_hand(family):
    """Log-probability of each answer's tokens, found by their text in the native path's ids."""
    (model, _), ours = tiny(family), processor(family)
    made = SAMPLES[0]
    native = native_inputs(ours, made)
    ids = native["input_ids"][0].tolist()
    stop = MODULES[family].STOP
    answers = [ours.tokenizer(space + "A dog." + stop, add_special_tokens=False)["input_ids"] for space in ("", " ")]
    start, answer = max(
        (i, answer) for answer in answers for i in range(len(ids)) if ids[i : i + len(answer)] == answer
    )
    with torch.no_grad():
        scores = torch.log_softmax(model(**native).logits[0], -1)
        expected = -sum(scores[i - 1, ids[i]] for i in range(start, start + len(answer))) / len(answer)
        found = model(**ours([made], 4000)).loss
    assert torch.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_padded_batch_gives_each_sample_its_own_logits(family):
    (model, _), ours = tiny(family), processor(family)
    made = [SAMPLES[1], SAMPLES[3], SAMPLES[2]]
    with torch.no_grad():
        together = model(**ours(made, 4000)).logits
        for number, one in enumerate(made):
            alone = model(**ours([one], 4000)).logits[0]
            assert torch.allclose(together[number, : len(alone)], alone, atol=1e-5)


def test_batch_shapes_and_fill():
    batch = processor("llava")([SAMPLES[0], SAMPLES[1], SAMPLES[3]], 4000)
    pad = processor("llava").tokenizer.pad_token_id
    lengths = batch["attention_mask"].sum(1).tolist()
    assert batch["input_ids"].shape == batch["labels"].shape == (3, max(lengths)) and len(set(lengths)) == 3
    assert batch["pixel_values"].shape == (2, 3, 28, 28)
    for row, length in enumerate(lengths):
        assert (batch["input_ids"][row, length:] == pad).all() and (batch["labels"][row, length:] == -100).all()


def test_pictures_under_a_budget_have_as_many_features_as_tokens():
    ours, model = processor("qwen2_5_vl"), tiny("qwen2_5_vl")[0]
    batch = ours([SAMPLES[1], SAMPLES[0]], 180)
    assert ours.encode(SAMPLES[1], 180).budget == 64
    assert batch["image_grid_thw"].prod(1).sum() // 4 == (batch["input_ids"] == ours.native.image_token_id).sum()
    with torch.no_grad():
        assert torch.isfinite(model(**batch).loss)


def test_decode_example_marks_what_is_supervised():
    text = processor("qwen2_5_vl").decode_example(processor("qwen2_5_vl").encode(SAMPLES[4], 400))
    assert text == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n<|vision_start|><|image_pad| x 3><|vision_end|>?"
        "<|im_end|>\n<|im_start|>assistant\n⟦No.<|im_end|>⟧\n"
    )


def test_pictures_are_taken_as_stored():
    """The EXIF orientation is not applied: sizes and regions are those of the stored picture."""
    import io

    out = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[274] = 6
    PIL.Image.new("RGB", (90, 30)).save(out, "JPEG", exif=exif)
    made = sample(("user", "<0>?"), ("assistant", "No."), sizes=((90, 30),))
    made.images[0] = Blob(bytes=out.getvalue())
    batch = processor("qwen2_5_vl")([made], 400)
    assert batch["image_grid_thw"].tolist() == [[1, 2, 6]]


@pytest.mark.parametrize("blob", [b"", b"not a picture", SAMPLES[0].images[0].bytes[:200]])
def test_a_broken_picture_is_named(blob):
    made = sample(("user", "<0>?"), ("assistant", "No."), sizes=((64, 48),))
    made.images[0] = Blob(bytes=blob)
    with pytest.raises(UnreadableMedia, match="tests s: picture 0 cannot be decoded"):
        processor("llava")([made], 400)


def test_only_allowed_picture_formats_are_opened():
    """As vlit_hub.media does: Pillow alone would start Ghostscript on this."""
    import io

    out = io.BytesIO()
    PIL.Image.new("RGB", (64, 48)).save(out, "EPS")
    made = sample(("user", "<0>?"), ("assistant", "No."), sizes=((64, 48),))
    made.images[0] = Blob(bytes=out.getvalue())
    with pytest.raises(UnreadableMedia, match=r"cannot be decoded: not a readable picture \(UnidentifiedImageError\)"):
        processor("llava")([made], 400)


def test_chat_counts_unreadable_pictures_by_one_reason(tmp_path):
    """Published cards repeat it: no address, no path."""
    for blob in (Blob(bytes=b"no picture"), Blob(path=str(tmp_path / "gone.png"))):
        made = sample(("user", "<0>?"), ("assistant", "No."), sizes=((64, 48),))
        made.images[0] = blob
        with pytest.raises(NotChat) as refused:
            to_chat(made, "square")
        assert refused.value.reason == "unreadable picture"


def test_a_picture_of_another_size_than_recorded_is_named():
    made = sample(("user", "<0>?"), ("assistant", "No."), sizes=((64, 48),))
    made.media[0] = Media(type="image", index=0, width=640, height=480)
    with pytest.raises(UnreadableMedia, match=r"tests s: picture 0 is \(64, 48\), recorded as \(640, 480\)"):
        processor("qwen2_5_vl")([made], 4000)


def test_sizes_come_from_the_header_where_none_is_recorded():
    made = sample(("user", "<0>?"), ("assistant", "No."), sizes=((64, 48),))
    expected = processor("qwen2_5_vl").encode(made, 400)
    made.media[0] = Media(type="image", index=0)
    assert processor("qwen2_5_vl").encode(made, 400) == expected


# -- files ------------------------------------------------------------------------------------------------------------

FRESH = """
import json, sys
from transformers import AutoProcessor
from transformers import AutoConfig
folder = sys.argv[1]
found = {"native": type(AutoProcessor.from_pretrained(folder)).__name__, "before": "vlit_hub" in sys.modules}
import vlit_hub.processing
from tests.processing.samples import SAMPLES
ours = AutoProcessor.from_pretrained(folder + "/vlit")
found |= {"ours": type(ours).__name__, "native after": type(AutoProcessor.from_pretrained(folder)).__name__}
found["config"] = AutoConfig.from_pretrained(folder + "/vlit").to_dict()["dialect"]
found["fingerprint"] = ours.fingerprint(512)
found["ids"] = [ours.encode(s, 200).input_ids for s in SAMPLES]
print(json.dumps(found))
"""


@pytest.mark.parametrize("family", [pytest.param(f, marks=() if f == "llava" else pytest.mark.slow) for f in FAMILIES])
def test_a_fresh_process_gets_ours_from_vlit_and_the_native_one_from_the_folder(family, tmp_path):
    template = "{# ours #}" + processor(family).chat_template
    ours = VLITProcessor(tiny(family)[1], chat_template=template, dialect="float")
    ours.save_pretrained(tmp_path)
    done = subprocess.run([sys.executable, "-c", FRESH, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    native = type(ours.native).__name__
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "native": native,
        "before": False,
        "ours": "VLITProcessor",
        "native after": native,
        "config": "float",
        "fingerprint": ours.fingerprint(512),
        "ids": [ours.encode(s, 200).input_ids for s in SAMPLES],
    }


def test_every_road_back(tmp_path):
    ours = VLITProcessor(tiny("llava")[1], dialect="float")
    ours.save_pretrained(tmp_path)
    roads = [
        VLITProcessor.from_pretrained(tmp_path),
        VLITProcessor.from_pretrained(tmp_path / "vlit"),
        VLITProcessor.from_pretrained(str(tmp_path), subfolder="vlit"),
        AutoProcessor.from_pretrained(tmp_path, subfolder="vlit"),
        pickle.loads(pickle.dumps(ours)),
    ]
    assert {(type(p), p.fingerprint(99), p.dialect) for p in roads} == {(VLITProcessor, ours.fingerprint(99), "float")}


def test_a_native_folder_is_wrapped_with_its_familys_settings(tmp_path):
    tiny("llava")[1].save_pretrained(tmp_path)
    assert VLITProcessor.from_pretrained(tmp_path).fingerprint(9) == processor("llava").fingerprint(9)


def test_ours_alone_is_refused(tmp_path):
    processor("llava").save_pretrained(tmp_path)
    (tmp_path / "processor_config.json").unlink()
    with pytest.raises(OSError, match="no native processor there"):
        AutoProcessor.from_pretrained(tmp_path / "vlit")


def test_a_foreign_processor_is_refused():
    with pytest.raises(UnknownFamily, match="known: .*llava "):
        VLITProcessor(tiny("llava")[1].tokenizer)


def test_the_fingerprint_follows_what_decides_lengths():
    native = tiny("llava")[1]
    prints = {
        VLITProcessor(native).fingerprint(512),
        VLITProcessor(native).fingerprint(511),
        VLITProcessor(native, dialect="float").fingerprint(512),
        VLITProcessor(native, chat_template=LLAVA_TEMPLATE + " ").fingerprint(512),
        processor("qwen2_5_vl").fingerprint(512),
    }
    assert len(prints) == 5 and VLITProcessor(native).fingerprint(512) in prints
