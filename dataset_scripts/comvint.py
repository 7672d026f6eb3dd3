"""ComVint: complex visual reasoning over Flickr30k Entities and Visual Genome, GPT-4, in several question types.

Paper: https://arxiv.org/abs/2311.01487. Data: https://github.com/RUCAIBox/ComVint (link to ComVint.jsonl).
Reader: none names the keys; RUCAIBox/ComVint @b6caa9191fe6 utils/utils.py reads one JSON object a line. Both forms of
the field are read: LLaVA conversations, and flat rows, of which every other key goes to meta.
"""

from functools import partial

from vlit_hub.formats.alpaca import alpaca, by_key
from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

FLAT = partial(
    alpaca,
    instruction=("instruction", "question"),
    reply=("output", "answer"),
    image=("image", "image_id"),
    tasks="reasoning",
    meta_keys=None,
)

SPEC = DatasetSpec(
    name="comvint",
    title="ComVint",
    paper="What Makes for Good Visual Instructions? Synthesizing Complex Visual Reasoning Instructions for Visual"
    " Instruction Tuning",
    arxiv="2311.01487",
    year=2023,
    homepage="https://github.com/RUCAIBox/ComVint",
    licence_stated="not stated (no licence file in the repository)",
    terms=("OpenAI terms of use (texts by GPT-4 and ChatGPT)", "Flickr30k pictures on request only"),
    files=(Files((("ComVint.jsonl",),)),),
    convert=partial(
        by_key,
        forms={"conversations": partial(conversations, tasks="reasoning"), "instruction": FLAT, "question": FLAT},
    ),
    media=(
        MediaRule("flickr30k", ("{name}", "{name}.jpg", "flickr30k-images/{name}", "flickr30k-images/{name}.jpg")),
        MediaRule(
            "visual_genome", ("VG_100K/{name}", "VG_100K/{name}.jpg", "VG_100K_2/{name}", "VG_100K_2/{name}.jpg")
        ),
    ),
    meta_keys=("id", "model", "type"),
    survey_category="general/self-instruct",
    picture_sources=("Flickr30k Entities", "Visual Genome"),
    generator="GPT-4 (synthesis, complication, verification); ChatGPT (reformulation into question types)",
    size="32K",
    size_source="paper, README",
    obtain="Take ComVint.jsonl from https://drive.google.com/file/d/1eH5t8YoI2CGR2dTqZO0ETWpBukjcZWsd, Flickr30k (media"
    " root 'flickr30k') from its authors on request, VG_100K and VG_100K_2 (media root 'visual_genome').",
)
