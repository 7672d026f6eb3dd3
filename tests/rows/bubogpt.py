"""bubogpt: ids with spaces and leading signs, with and without ending, a sound with its frame, an empty caption."""

import json

_CLOTHO = [
    {"audio_id": "00294 harvest festival rumour 1", "caption": "People talk\nin a hall."},
    {"audio_id": "00332 lake beach 1.wav", "caption": "Waves."},
    {"audio_id": "x", "caption": " "},
    {"caption": "Nothing to hear."},
]
_VGGSS = [{"audio_id": "-07P6bFgRCU_000010", "image_id": "-07P6bFgRCU_000010", "caption": "A frog croaks."}]
FILES = {
    "audio/00294 harvest festival rumour 1.wav": "RIFF....WAVE",
    "audios/-07P6bFgRCU_000010.wav": "RIFF....WAVE",
    "images/-07P6bFgRCU_000010.jpg": "64x48",
    "Clotho-detail-annotation.json": json.dumps({"annotations": _CLOTHO}),
    "vggss-instruction-tuning.json": json.dumps({"annotations": _VGGSS}),
}


def _sample(file: str, row: int, asked: list, said: str, *media: tuple) -> dict:
    return {
        "id": f"{file}:{row}",
        "group": media[0][1],
        "task": "audio_caption",
        "messages": [("user", asked), ("assistant", [said])],
        "media": list(media),
    }


_C, _V = "Clotho-detail-annotation", "vggss-instruction-tuning"
_SOUNDS = [
    _sample(
        _C, 0, ["<audio 0>", "What can be heard in the recording?"], "People talk\nin a hall.",
        ("audio", "00294 harvest festival rumour 1", None, None),
    ),
    _sample(_C, 1, ["<audio 0>", "Tell me what you hear."], "Waves.", ("audio", "00332 lake beach 1.wav", None, None)),
]  # fmt: skip
_FRAMES = [
    _sample(
        _V, 0, ["<image 0>", "<audio 0>", "Which things do you hear and see here?"], "A frog croaks.",
        ("audio", "-07P6bFgRCU_000010", None, None), ("image", "-07P6bFgRCU_000010.jpg", 64, 48),
    )
]  # fmt: skip

EXPECTED = {"default": {"train": _SOUNDS + _FRAMES}, "clotho_detail": {"train": _SOUNDS}, "vggss": {"train": _FRAMES}}
_REFUSED = [(f"{_C}.json", 2, "caption"), (f"{_C}.json", 3, "audio_id")]
BAD = {"default": {"train": _REFUSED}, "clotho_detail": {"train": _REFUSED}}
