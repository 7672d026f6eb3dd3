"""BuboGPT: detailed descriptions of Clotho sounds (GPT-4) and of VGGSS sounds with their frames (templates).

Paper: https://arxiv.org/abs/2307.08581. Data: https://huggingface.co/datasets/magicr/BuboGPT.
Reader: magic-research/bubogpt @17c72b50 bubogpt/datasets/datasets/audio_caption/audio_caption_datasets.py:45,59-63,
audio_image/audio_image_datasets.py:20-31. The instructions stand in prompts/*.txt there: ours are templates of our own.
Its negative pairs (a picture with a foreign sound) are drawn on the fly and are in no file.
"""

from functools import partial

from vlit_hub.formats.native_media import Medium
from vlit_hub.formats.qa import flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

CAPTION = partial(flat_qa, question=(), answer=("caption",), task="audio_caption")
SOUND = Medium("audio", "{audio_id}")
CLOTHO = partial(CAPTION, media=(SOUND,), template="describe_audio")
VGGSS = partial(CAPTION, media=(SOUND, Medium("image", "{image_id}.jpg")), template="describe_audio_image")

SPEC = DatasetSpec(
    name="bubogpt",
    title="BuboGPT instruction data (Clotho-detail, VGGSS)",
    paper="BuboGPT: Enabling Visual Grounding in Multi-Modal LLMs",
    arxiv="2307.08581",
    year=2023,
    homepage="https://github.com/magic-research/bubogpt",
    hub_id="magicr/BuboGPT",
    licence="Apache-2.0",
    licence_stated="Hub card apache-2.0; repository BSD-3-Clause",
    terms=("OpenAI terms of use (Clotho-detail by GPT-4)", "Clotho and VGG-SS terms (media)"),
    files=(
        Files((("Clotho-detail-annotation.json",),), rows="annotations", convert=CLOTHO),
        Files((("vggss-instruction-tuning.json",),), rows="annotations"),
        Files((("Clotho-detail-annotation.json",),), subset="clotho_detail", rows="annotations", convert=CLOTHO),
        Files((("vggss-instruction-tuning.json",),), subset="vggss", rows="annotations"),
    ),
    convert=VGGSS,
    media=(
        MediaRule(
            "audio", tuple(f"{d}{{ref}}{e}" for d in ("audio/", "audios/", "") for e in ("", ".wav")), type="audio"
        ),
        MediaRule("images", ("image/{ref}", "images/{ref}", "{ref}")),
    ),
    min_typed=0.9,
    survey_category="general/self-instruct (audio-image)",
    modalities=("audio", "image", "text"),
    picture_sources=("VGGSS (VGG-Sound Source)", "Clotho"),
    generator="GPT-4 rewrote Clotho captions; VGGSS texts from templates over class labels",
    size="Clotho-detail 3,938, VGGSS 5,158 (cc_sbu_align 3,439 is MiniGPT-4's)",
    size_source="paper, section 4.2.2; README",
    obtain="Take both json files from https://huggingface.co/datasets/magicr/BuboGPT, Clotho's and VGGSS's sounds as"
    " audio/<audio_id>.wav (media root 'audio') and VGGSS's frames as image/<image_id>.jpg (media root 'images').",
)
