"""Generation with real architectures in small: the prompt is training's, batches change nothing, controls differ."""

import io

import msgspec
import pytest
import torch
from PIL import Image

from tests.datasets.test_video import numbered
from tests.evaluation.rooms import colour_sample, picture, say
from tests.processing.test_videos import video_sample
from tests.tiny.blip2 import build as tiny_blip2
from tests.tiny.llava import build as tiny_llava
from tests.tiny.qwen2_5_vl import build as tiny_qwen25_vl
from vlit_hub.chat import NotChat
from vlit_hub.evaluation import evaluate, predict
from vlit_hub.evaluation.controls import blind
from vlit_hub.evaluation.predict import encode, end_tokens
from vlit_hub.evaluation.questions import asked_sample
from vlit_hub.processing import VLITProcessor
from vlit_hub.schema import Blob, Message, Part, Region
from vlit_hub.shards import ShardWriter, Store

FAMILIES = {"llava": tiny_llava, "qwen2_5_vl": tiny_qwen25_vl}


@pytest.fixture(scope="module", params=FAMILIES)
def tiny(request):
    model, native = FAMILIES[request.param]()
    return model, VLITProcessor(native)


def varied():
    """Prompts of different lengths: one turn, three turns, none with a picture, two pictures."""
    long = msgspec.structs.replace(
        colour_sample(1, "green"),
        messages=[
            say("user", 0, "What is in the picture?"),
            say("assistant", "A square."),
            say("user", "Which shape is in the centre? Answer with one word."),
            say("assistant", "square"),
        ],
    )
    plain = msgspec.structs.replace(
        colour_sample(2, "red"), images=[], media=[], messages=[say("user", "Yes or no?"), say("assistant", "yes")]
    )
    base = colour_sample(3, "blue")
    double = msgspec.structs.replace(
        base,
        images=base.images * 2,
        media=[base.media[0], msgspec.structs.replace(base.media[0], index=1)],
        messages=[say("user", 0, 1, "Same colour?"), say("assistant", "yes")],
    )
    return [colour_sample(0, "red"), long, plain, double]


def test_prompt_is_what_training_shows_before_the_answer(tiny):
    _, processor = tiny
    for sample in varied():
        asked = encode(processor, [asked_sample(sample)])
        trained = processor.encode(sample, 4096)
        start = trained.turns[-1].start
        assert asked["input_ids"][0].tolist() == trained.input_ids[:start]


def test_a_batch_answers_as_single_samples_do(tiny):
    model, processor = tiny
    asked = [asked_sample(sample) for sample in varied()]
    batch = encode(processor, asked)
    assert batch["attention_mask"][:, -1].tolist() == [1] * 4 and 0 in batch["attention_mask"][:, 0].tolist()
    together = predict(model, processor, asked, max_new_tokens=6)
    assert together == [predict(model, processor, [sample], max_new_tokens=6)[0] for sample in asked]
    model.train()
    assert predict(model, processor, asked[:1], max_new_tokens=6) == together[:1] and model.training
    model.eval()


def test_a_reply_ends_with_its_turn(tiny):
    model, processor = tiny
    asked = [asked_sample(colour_sample(0, "red"))]
    logits_to = processor.tokenizer("yes", add_special_tokens=False)["input_ids"][0]
    head = model.get_output_embeddings()
    before = head.weight.detach().clone()
    with torch.no_grad():
        head.weight.zero_()  # ties: the lowest id wins, so force one by a bias on its own direction
        inputs = encode(processor, asked)
        hidden = model(**inputs, output_hidden_states=True).hidden_states[-1][0, -1]
        head.weight[processor.tokenizer.eos_token_id] = hidden
    assert logits_to != processor.tokenizer.eos_token_id
    assert predict(model, processor, asked, max_new_tokens=8) == [""]
    with torch.no_grad():
        head.weight.copy_(before)
    assert processor.tokenizer.eos_token_id in end_tokens(model, processor)


def test_without_its_picture_the_prompt_is_the_same_but_for_it(tiny):
    _, processor = tiny
    asked = asked_sample(colour_sample(0, "red"))
    full, removed, grey = (encode(processor, [s]) for s in (asked, blind(asked, "removed"), blind(asked, "grey")))
    assert "pixel_values" in full and "pixel_values" not in removed
    assert full["input_ids"].tolist() == grey["input_ids"].tolist()
    assert not torch.equal(full["pixel_values"], grey["pixel_values"])
    image = processor.native.image_token_id
    assert image not in removed["input_ids"] and image in full["input_ids"]


def test_boxes_in_the_question_are_written_in_the_dialect_of_the_family(tiny):
    model, processor = tiny
    sample = msgspec.structs.replace(
        colour_sample(0, "red"),
        regions=[Region(box=[0.25, 0.5, 0.75, 1.0])],
        messages=[
            Message("user", [Part("image", index=0), Part(text="What is in "), Part("region", "it", regions=[0])]),
            say("assistant", "red"),
        ],
    )
    trained = processor.encode(sample, 4096)
    asked = asked_sample(sample)
    assert encode(processor, [asked])["input_ids"][0].tolist() == trained.input_ids[: trained.turns[-1].start]
    assert len(predict(model, processor, [blind(asked, "removed")], max_new_tokens=2)) == 1


def test_pictures_that_cannot_be_taken_are_named(tiny):
    _, processor = tiny
    sample = asked_sample(colour_sample(0, "red"))
    cut = msgspec.structs.replace(sample, images=[Blob(bytes=sample.images[0].bytes[:60])])
    with pytest.raises(NotChat, match="unreadable picture"):
        encode(processor, [cut])


def test_odd_samples_are_counted_and_kill_no_evaluation(tiny):
    model, processor = tiny
    system = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
    strict = VLITProcessor(processor.native, chat_template=system + processor.chat_template)
    image = processor.native.image_token
    odd = colour_sample(1, "blue", question=f"What is {image}?")
    ruled = msgspec.structs.replace(odd, id="s4", messages=[say("system", "Hi"), *colour_sample(1, "red").messages])
    torn = msgspec.structs.replace(colour_sample(2, "red"), images=[Blob(bytes=b"no picture")])
    for sample, reason in ((odd, "control token"), (ruled, "template"), (torn, "unreadable picture")):
        with pytest.raises(NotChat) as refused:
            encode(strict, [asked_sample(sample)])
        assert refused.value.reason == reason
    good = [colour_sample(0, "red"), colour_sample(3, "blue")]
    report = evaluate([good[0], odd, ruled, torn, good[1]], model, strict, max_new_tokens=1)
    assert report.scored == 2
    assert report.unanswerable == {"control token": 1, "template": 1, "unreadable picture": 1}


def test_a_transparent_picture_is_shown_as_in_training(tiny):
    _, processor = tiny
    data = io.BytesIO()
    Image.new("RGBA", (40, 30), (220, 20, 20, 40)).save(data, "PNG")
    sample = msgspec.structs.replace(colour_sample(0, "red"), images=[Blob(bytes=data.getvalue())])
    trained = processor([sample], 4096)["pixel_values"]
    assert torch.equal(encode(processor, [asked_sample(sample)])["pixel_values"], trained)


def test_without_a_pad_token_the_last_one_fills():
    model, native = tiny_llava()
    native.tokenizer.pad_token = None
    asked = [asked_sample(sample) for sample in varied()]
    processor = VLITProcessor(native)
    assert encode(processor, asked)["input_ids"][2, 0] == native.tokenizer.eos_token_id
    together = predict(model, processor, asked, max_new_tokens=3)
    assert together == [predict(model, processor, [sample], max_new_tokens=3)[0] for sample in asked]


def test_boxes_that_no_longer_lie_in_their_frame_are_left_out_and_counted():
    """A cropping LLaVA takes boxes in square pictures only; those of another group may be wide."""
    model, native = tiny_llava(pads=False)

    def grounded(i, size):
        where = Message("user", [Part("image", index=0), Part(text="What is in "), Part("region", "it", regions=[0])])
        made = msgspec.structs.replace(
            colour_sample(i, "red"),
            images=[picture("red", size)],
            regions=[Region(box=[0.25, 0.5, 0.75, 1.0])],
            messages=[where, say("assistant", "red")],
        )
        return msgspec.structs.replace(
            made, media=[msgspec.structs.replace(made.media[0], width=size[0], height=size[1])]
        )

    plain = colour_sample(2, "blue")
    report = evaluate([grounded(0, (30, 30)), grounded(1, (40, 30)), plain], model, native, max_new_tokens=1)
    assert (report.scored, report.unanswerable) == (2, {"box frame": 1})
    assert report.settings["unasked"] == 1, "the first question with the wide picture of the third"


def test_a_strip_that_qwen_refuses_is_counted():
    model, native = tiny_qwen25_vl()
    data = io.BytesIO()
    Image.new("RGB", (900, 3)).save(data, "PNG")
    strip = colour_sample(9, "red")
    media = [msgspec.structs.replace(strip.media[0], width=900, height=3)]
    strip = msgspec.structs.replace(strip, images=[Blob(bytes=data.getvalue())], media=media)
    report = evaluate([colour_sample(0, "red"), strip, colour_sample(1, "blue")], model, native, max_new_tokens=2)
    assert (report.scored, report.unanswerable) == (2, {"picture size": 1})


def test_evaluate_a_tiny_model_from_shards(tmp_path):
    model, native = tiny_llava()
    untuned, _ = tiny_llava(seed=1)
    with ShardWriter(tmp_path, "rooms", "default", "test") as writer:
        for i in range(12):
            writer.write(colour_sample(i, ("red", "green", "blue")[i % 3], group=f"g{i // 2}", kind="global"))
    store = Store(tmp_path)
    first = evaluate(store, model, native, untuned=untuned, max_new_tokens=3, batch_size=5)
    second = evaluate(store, model, VLITProcessor(native), untuned=untuned, max_new_tokens=3, batch_size=4)
    assert first == second
    assert (first.samples, first.scored, first.unanswerable) == (12, 12, {})
    assert first.settings["controls"] == ["majority", "blind", "shuffled", "untuned"]
    assert first.settings["blind"] == "picture removed from the prompt"
    assert first.settings["data"] == {
        "index": store.index.fingerprint, "splits": [["rooms", "default", "test"]], "samples": 12
    }  # fmt: skip
    assert (first.settings["model"], first.settings["labels"], first.settings["training"]) == ("", False, False)
    assert first.settings["max_new_tokens"] == 3 and "ours" in first.settings["ability_rules"]
    row = first.row("ability", "instance_attributes")
    assert row.n == 12 and row.controls["majority"] == pytest.approx(1 / 3)
    assert {p.said["model"] == p.said["untuned"] for p in first.predictions} != {True}


def test_settings_name_the_models_without_a_path(tmp_path, monkeypatch):
    model, native = tiny_llava()
    model.save_pretrained(tmp_path / "private" / "tuned")
    samples = [colour_sample(0, "red")]
    monkeypatch.chdir(tmp_path / "private")
    for given in (tmp_path / "private" / "tuned", "tuned", "../private/tuned"):
        loaded = type(model).from_pretrained(given)
        report = evaluate(samples, loaded, native, untuned=loaded, controls=(), max_new_tokens=1)
        assert (report.settings["model"], report.settings["untuned"]) == ("tuned", "tuned")
        assert "private" not in str(report.to_dict(predictions=True)) and "data" not in report.settings
    loaded.config._name_or_path = loaded.name_or_path = "llava-hf/llava-1.5-7b-hf"
    assert evaluate(samples, loaded, native, controls=()).settings["model"] == "llava-hf/llava-1.5-7b-hf"


def test_questions_about_videos_are_answered_beside_controls(tiny):
    model, processor = tiny
    shown = [video_sample("<v0>|Which?", "B", name=f"v{i}", videos=(numbered(20 + i),)) for i in range(3)]
    shown = [msgspec.structs.replace(s, choices=["one", "two"], correct=1, group=s.id) for s in shown]
    torn = msgspec.structs.replace(shown[0], id="torn", videos=[Blob(bytes=b"no video")])
    lost = msgspec.structs.replace(shown[0], id="lost", videos=[None])
    seen = []
    for scoring in ("multiple_choice", "exact"):
        report = evaluate([*shown, torn, lost], model, processor, scoring=scoring)
        assert (report.scored, report.unanswerable) == (3, {"missing video": 1, "unreadable video": 1})
        seen.append(report)
    assert set(seen[0].row("all").controls) == {"majority", "blind", "shuffled"}
    again = evaluate(shown, model, processor, scoring="exact", controls=())
    assert [p.said["model"] for p in again.predictions] == [p.said["model"] for p in seen[1].predictions]


def test_a_family_without_videos_counts_them():
    model, native = tiny_blip2()
    report = evaluate([video_sample("<v0>|Which?", "3")], model, native, controls=())
    assert (report.scored, report.unanswerable) == (0, {"video, audio or point cloud": 1})
