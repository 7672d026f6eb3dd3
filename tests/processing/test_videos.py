"""Videos in batches: what the family's own processor makes of the same frames, masks, lengths, truncation, packs."""

import io

import av
import msgspec
import numpy as np
import PIL.Image
import pytest
import torch
from transformers.video_utils import VideoMetadata

from tests.datasets.test_video import number, numbered
from tests.processing.samples import FAMILIES, SAMPLES, picture, processor, tiny
from tests.processing.test_masking import supervised
from tests.processing.test_packing import PACKING, pieces
from vlit_hub.canonical import validate
from vlit_hub.media import UnreadableMedia
from vlit_hub.processing import FAMILIES as TABLE
from vlit_hub.processing import VLITCollator, VLITProcessor, measure
from vlit_hub.processing.sharing import share_pictures
from vlit_hub.schema import Blob, Media, Message, Part, Sample
from vlit_hub.shards import Fetch, ShardWriter, Store, read_measure

NATIVE = ("qwen2_5_vl", "qwen3_vl", "llava_onevision", "internvl", "smolvlm")
AS_PICTURES = ("llava", "llava_next", "idefics3", "gemma3")
NONE = ("blip2", "instructblip", "kosmos2")
MP4 = numbered(60)
"""Six seconds, ten frames a second."""
SHOWN = [3, 11, 18, 26, 33, 41, 48, 56]
"""The middle frames of eight equal stretches of sixty."""
LENGTH = 4000


def video_sample(*contents, name="v", clips=((None, None),), videos=(MP4,)):
    """User and assistant in turn; "<v0>" is video 0, "<0>" picture 0 of 64 x 48."""
    messages = []
    for turn, content in enumerate(contents):
        parts = []
        for piece in content.split("|"):
            if piece[:1] == "<":
                kind = "video" if piece[1] == "v" else "image"
                parts.append(Part(type=kind, index=int(piece.strip("<v>"))))
            else:
                parts.append(Part(text=piece))
        messages.append(Message(role="assistant" if turn % 2 else "user", content=parts, train=bool(turn % 2)))
    media = [Media(type="image", index=0, width=64, height=48)]
    media += [Media(type="video", index=i, start=start, end=end) for i, (start, end) in enumerate(clips)]
    made = Sample(
        images=[Blob(bytes=picture(64, 48))], videos=[Blob(bytes=video) for video in videos], media=media,
        messages=messages, id=name, dataset="tests",
    )  # fmt: skip
    validate(made)
    return made


MADE = video_sample("<v0>|And |<0>|. What?", "A dog.", "Sure?", "Yes.")


def decoded(numbers):
    """Those frames of MP4, decoded one after another."""
    with av.open(io.BytesIO(MP4)) as container:
        every = [frame.to_image() for frame in container.decode(video=0)]
    shown = [every[n] for n in numbers]
    assert [number(frame) for frame in shown] == list(numbers)
    return shown


def chat_of(made):
    return [
        {
            "role": m.role,
            "content": [{"type": p.type} | ({"text": p.text} if p.type == "text" else {}) for p in m.content],
        }
        for m in made.messages
    ]


def by_transformers(family, made, numbers=SHOWN, start=0, total=60):
    """The family's own processor called with the frames of these numbers."""
    native = tiny(family)[1]
    text = native.apply_chat_template(chat_of(made), chat_template=processor(family).chat_template)
    about = VideoMetadata(total_num_frames=total, fps=10.0, duration=total / 10, frames_indices=list(numbers))
    shows = any(part.type == "image" for message in made.messages for part in message.content)
    images = [[PIL.Image.open(io.BytesIO(made.images[0].bytes))]] if shows else None
    return native(
        text=[text], images=images, videos=[decoded(numbers)], video_metadata=[about], do_sample_frames=False,
        return_tensors="pt", add_special_tokens=False,
    )  # fmt: skip


@pytest.mark.parametrize("family", NATIVE)
def test_a_video_is_what_the_familys_own_processor_makes_of_the_same_frames(family):
    # SmolVLM's own processor loses the pictures beside a video: both are its pixel_values.
    made = MADE if family != "smolvlm" else video_sample("<v0>|What?", "A dog.")
    truth = by_transformers(family, made)
    batch = processor(family)([made], LENGTH)
    assert batch["input_ids"].tolist() == truth["input_ids"].tolist()
    names = {*batch, *truth} - {"input_ids", "attention_mask", "labels", "batch_num_images"}
    assert any("pixel" in name for name in names)
    for name in names:
        ours, theirs = batch[name], torch.as_tensor(truth[name])
        assert torch.equal(ours.flatten().float(), theirs.flatten().float()), name


@pytest.mark.parametrize("family", AS_PICTURES)
def test_frames_are_pictures_where_the_family_has_no_videos(family):
    made, native = video_sample("<v0>|What?", "A dog."), tiny(family)[1]
    chat = chat_of(made)
    chat[0]["content"][:1] = [{"type": "image"}] * 8
    text = native.apply_chat_template(chat)
    opened = bool(native.tokenizer.bos_token) and text.startswith(native.tokenizer.bos_token)
    truth = native(text=[text], images=[decoded(SHOWN)], return_tensors="pt", add_special_tokens=not opened)
    batch = processor(family)([made], LENGTH)
    assert batch["input_ids"].tolist() == truth["input_ids"].tolist()
    assert torch.equal(batch["pixel_values"].flatten(), truth["pixel_values"].flatten())


@pytest.mark.parametrize("family", NONE)
def test_families_of_one_picture_drop_videos_and_say_so(family):
    encoded = processor(family).encode(video_sample("<v0>|What?", "A dog."), LENGTH)
    assert encoded.dropped == "unsupported_media" and encoded.detail.endswith(f"family {family} shows one picture")


def test_a_template_without_videos_drops_them_and_says_so():
    native = tiny("qwen2_5_vl")[1]
    ours = VLITProcessor(native, native.chat_template.replace("'video'", "'film'"))
    assert ours.encode(MADE, LENGTH).detail == "message 0 holds a part of type video: the chat template places none"


@pytest.mark.parametrize("family", [f for f in FAMILIES if TABLE[processor(f).family.name].says.most_pictures is None])
def test_supervised_are_the_answers_and_the_model_takes_it(family):
    ours, model = processor(family), tiny(family)[0]
    made = MADE if ours.family.says.several_turns else video_sample("<v0>|And |<0>|. What?", "A dog.")
    encoded = ours.encode(made, LENGTH)
    stop = ours.encoder.template.end_of_turn
    answers = [f"{part.text}{stop}" for message in made.messages if message.train for part in message.content]
    assert [text.strip() for text in supervised(ours, encoded)] == answers
    assert encoded.pictures == [0] and encoded.videos == [0] and encoded.frames == 8
    tokens = [encoded.input_ids.count(token) for token in ours.encoder.tokens]
    assert sum(tokens) == sum(encoded.picture_tokens)
    batch = ours([made], LENGTH)
    del batch["labels"]
    with torch.no_grad():  # as many features as tokens, or the model raises
        assert model(**batch).logits.isfinite().all()
        asked = ours.prompts([made])
        made_up = model.generate(**asked, max_new_tokens=2, min_new_tokens=2, do_sample=False, **ours.family.generate)
    assert made_up.shape[1] == asked["input_ids"].shape[1] + 2


@pytest.mark.parametrize("family", NATIVE)
def test_clip_times_choose_the_frames(family):
    """Of frames 20 to 39, those that the clip shows; with their times in the video."""
    made = msgspec.structs.replace(MADE, media=[MADE.media[0], Media(type="video", index=0, start=2.0, end=4.0)])
    numbers = [21, 23, 26, 28, 31, 33, 36, 38]
    truth = by_transformers(family, made, numbers, total=20)
    assert processor(family)([made], LENGTH)["input_ids"].tolist() == truth["input_ids"].tolist()


@pytest.mark.parametrize("family", [*NATIVE, "llava", "idefics"])
def test_truncation_never_cuts_a_video(family):
    ours = processor(family)
    whole = ours.encode(MADE, LENGTH)
    seen = set()
    for most in range(whole.length, 20, -7):
        encoded = ours.encode(MADE, most)
        if encoded.dropped:
            assert encoded.dropped == "too_long"
            continue
        assert encoded.length <= most and encoded.messages in (2, 4)
        seen.add(encoded.frames)
        found = sum(encoded.input_ids.count(token) for token in ours.encoder.tokens)
        assert found == sum(encoded.picture_tokens)
        pixels = ours.pixels(MADE, encoded)
        if "video_grid_thw" in pixels:
            assert pixels["video_grid_thw"][0][0] == encoded.frames // 2 + encoded.frames % 2
        with torch.no_grad():
            batch = ours([MADE], most)
            del batch["labels"]
            tiny(family)[0](**batch)
    assert seen == ({8} if family == "llava_onevision" else seen) and (len(seen) > 1 or family == "llava_onevision")


def test_a_video_of_few_frames_is_shown_whole_or_repeats_its_last():
    made = msgspec.structs.replace(MADE, videos=[Blob(bytes=numbered(3))])
    assert processor("internvl").encode(made, LENGTH).picture_tokens[0] == 3 * 4
    batch = processor("llava_onevision")([made, MADE], LENGTH)
    shown = batch["pixel_values_videos"]
    assert (
        shown.shape[:2] == (2, 8)
        and torch.equal(shown[0, 2], shown[0, 7])
        and not torch.equal(shown[0, 1], shown[0, 2])
    )


@pytest.mark.parametrize("family", ["internvl", "qwen2_5_vl", "llava"])
def test_measured_is_encoded(family, tmp_path):
    with ShardWriter(tmp_path, "tests", "default", "train") as writer:
        for made in (MADE, SAMPLES[0], video_sample("<v0>|?", "No.", name="other"), SAMPLES[3]):
            writer.write(made)
    store, ours = Store(tmp_path), processor(family)
    for most in (LENGTH, 60):
        found = measure(store, ours, most)
        encoded = ours.encode_all([store[row] for row in range(len(store))], most)
        assert found.tokens == sum(one.length for one in encoded) and found.kept == sum(
            not one.dropped for one in encoded
        )
        assert found.image_tokens == sum(sum(one.picture_tokens) for one in encoded) > 0
        frames = read_measure(store.index, found.fingerprint).frames
        assert frames.tolist() == [one.frames if one.videos else 0 for one in encoded]
    assert frames[0] < 8


def pack_of(family, samples, **settings):
    config = tiny(family)[0].config
    settings["window"] = getattr(config.get_text_config(), "sliding_window", None)
    settings["rate"] = getattr(config.vision_config, "tokens_per_second", None)
    fetch = Fetch([tuple(range(len(samples)))], [], 0, True, (0, 0, len(samples)))
    batch = VLITCollator(processor(family), LENGTH, **settings)(([samples], fetch))
    return batch, batch.pop("vlit")


PACK = [video_sample("<0>|First. |<v0>|What?", "A cat.", name="second"), SAMPLES[3], MADE, SAMPLES[0]]


@pytest.mark.parametrize("family", PACKING)
def test_packed_logits_are_unpacked_ones(family):
    batch, note = pack_of(family, PACK)
    model = tiny(family)[0]
    with torch.no_grad():
        together = pieces(model(**batch).logits, note["lengths"])
        for made, packed in zip(PACK, together, strict=True):
            alone = model(**processor(family)([made], LENGTH)).logits[0]
            assert alone.shape == packed.shape and float((alone - packed).abs().max()) <= 1e-4


def test_packed_positions_of_a_video_follow_its_seconds():
    """Frames that lie farther apart in time lie farther apart in position, as the model itself has it."""
    model, ours = tiny("qwen2_5_vl")[0], processor("qwen2_5_vl")
    batch, note = pack_of("qwen2_5_vl", [MADE])
    batch = ours([MADE], LENGTH)
    theirs, _ = model.model.get_rope_index(
        batch["input_ids"], batch["mm_token_type_ids"], batch["image_grid_thw"], batch["video_grid_thw"],
        batch["second_per_grid_ts"], batch["attention_mask"],
    )  # fmt: skip
    assert batch["second_per_grid_ts"].tolist() == [1.5]  # 6 s in 4 patches of 2 frames
    packed, _ = pack_of("qwen2_5_vl", [MADE, SAMPLES[3]])
    length = batch["input_ids"].shape[1]
    assert torch.equal(packed["position_ids"][1:, 0, :length], theirs[:, 0])
    with pytest.raises(ValueError, match="need the model's tokens_per_second"):
        VLITCollator(ours, LENGTH)(([[MADE, SAMPLES[3]]], Fetch([(0, 1)], [], 0, True, (0, 0, 2))))


@pytest.mark.parametrize("family", ["qwen2_5_vl", "internvl", "llava"])
def test_pictures_are_shared_beside_videos(family):
    """Frames count as pictures where they go to the model as pictures."""
    twice = [MADE, msgspec.structs.replace(MADE, id="again")]
    model, _ = tiny(family)
    plain = VLITCollator(processor(family), LENGTH)(twice)
    shared = VLITCollator(processor(family), LENGTH, share_pictures=True)(twice)
    assert len(shared["pixel_values"]) == len(plain["pixel_values"]) // 2
    handle = share_pictures(model)
    with torch.no_grad():
        losses = [float(model(**{k: v for k, v in b.items() if k != "vlit"}).loss) for b in (plain, shared)]
    handle.remove()
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)


def test_bad_videos_are_named():
    ours = processor("internvl")
    cut = msgspec.structs.replace(MADE, videos=[Blob(bytes=MP4[: len(MP4) // 2])])
    told = ours.encode(cut, LENGTH)
    assert told.dropped == "unreadable_media" and told.detail == "video 0: not a readable video (InvalidDataError)"
    beyond = msgspec.structs.replace(MADE, media=[MADE.media[0], Media(type="video", index=0, start=9.0)])
    assert ours.encode(beyond, LENGTH).detail == "video 0: the clip begins at 9.0 s, the video ends at 6.000 s"
    gone = msgspec.structs.replace(MADE, videos=[None])
    assert ours.encode(gone, LENGTH).detail == "video 0 is missing"
    encoded = ours.encode(MADE, LENGTH)
    with pytest.raises(UnreadableMedia, match="^tests v: video 0 cannot be decoded: "):
        ours.pixels(cut, encoded)


def test_frames_are_kept_with_the_processor(tmp_path):
    ours = VLITProcessor(tiny("internvl")[1], frames=4)
    ours.save_pretrained(tmp_path)
    again = VLITProcessor.from_pretrained(tmp_path)
    assert again.frames == 4 and again.encode(MADE, LENGTH).picture_tokens[0] == 4 * 4
    assert again.fingerprint(LENGTH) == ours.fingerprint(LENGTH) != processor("internvl").fingerprint(LENGTH)
    with pytest.raises(ValueError, match="frames: 0 of a video"):
        VLITProcessor(tiny("internvl")[1], frames=0)


@pytest.mark.parametrize("family", ["internvl", "qwen2_5_vl", "llava"])
def test_so_many_frames_a_second_but_no_more_than_frames(family, tmp_path):
    """MP4 lasts six seconds; the frames are those of as many spread over the clip, in ids and pixels."""
    native = tiny(family)[1]
    ours = VLITProcessor(native, fps=0.5)
    three = VLITProcessor(native, frames=3)
    assert ours.fingerprint(LENGTH) != VLITProcessor(native).fingerprint(LENGTH)
    encoded, same = ours.encode(MADE, LENGTH), three.encode(MADE, LENGTH)
    assert encoded.input_ids == same.input_ids and encoded.frames_shown == same.frames_shown == 3
    made, expected = ours([MADE], LENGTH), three([MADE], LENGTH)
    assert made.keys() == expected.keys() and all(torch.equal(made[name], expected[name]) for name in expected)
    assert VLITProcessor(native, frames=4, fps=30).encode(MADE, LENGTH).frames_shown == 4
    ours.save_pretrained(tmp_path)
    again = VLITProcessor.from_pretrained(tmp_path)
    assert (again.frames, again.fps) == (8, 0.5) and again.fingerprint(LENGTH) == ours.fingerprint(LENGTH)
    batch = VLITCollator(ours, LENGTH)(([[MADE]], Fetch([(0,)], [], 0, True, (0, 0, 1))))
    assert torch.equal(batch["input_ids"], made["input_ids"])


def test_frames_a_second_that_cannot_be_shown_are_refused():
    with pytest.raises(ValueError, match="fps: family llava_onevision shows every video by one number of frames"):
        VLITProcessor(tiny("llava_onevision")[1], fps=1)
    with pytest.raises(ValueError, match="fps: -1 frames of a video a second"):
        VLITProcessor(tiny("internvl")[1], fps=-1)


def test_frames_differ_as_the_video_does():
    """No frame stands for another."""
    batch = processor("internvl")([video_sample("<v0>|?", "No.")], LENGTH)["pixel_values"]
    assert len(batch) == 8 and len(np.unique(batch.numpy().reshape(8, -1), axis=0)) == 8
