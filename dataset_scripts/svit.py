"""SVIT: several dialogues a picture of Visual Genome, GPT-4 over its regions, objects, boxes and COCO captions.

Paper: https://arxiv.org/abs/2307.04087. Data: https://huggingface.co/datasets/BAAI/SVIT.
Readers: BAAI-DCAI/Visual-Instruction-Tuning @54ec7524 README.md:50-65, tools/expand_to_square.py (boxes of the LLaVA
form); ChenDelong1999/instruct_flamingo @942955a8 svit_to_instruction.py:12-46. Empty descriptions: issue #5 there.
"""

from functools import partial

from vlit_hub.formats.alpaca import by_key
from vlit_hub.formats.conversations import conversations
from vlit_hub.formats.dialogues import dialogues
from vlit_hub.spec import DatasetSpec, Files, MediaRule

TASKS = {
    "conversation": "conversation",
    "complex_reasoning": "reasoning",
    "detail_description": "description",
    "referring_qa": "grounded_conversation",
}
# Boxes of the original are 0-1 of the picture, those of the LLaVA form of the padded square.
NATIVE = partial(dialogues, tasks=TASKS, failures=r"^It seems like your message is empty", meta_keys=("topic",))
SQUARE = partial(conversations, boxes="square")

SPEC = DatasetSpec(
    name="svit",
    title="SVIT",
    paper="SVIT: Scaling up Visual Instruction Tuning",
    arxiv="2307.04087",
    year=2023,
    homepage="https://github.com/BAAI-DCAI/Visual-Instruction-Tuning",
    hub_id="BAAI/SVIT",
    licence="CC-BY-4.0",
    licence_stated="cc-by-4.0 (Hub card, click-through); repo LICENSE MIT",
    terms=("OpenAI terms of use (texts by GPT-4)", "click-through acknowledgement on the Hub"),
    files=(
        Files((tuple(f"{kind}.json" for kind in TASKS), ("svit.json",))),
        *(Files(((f"{kind}.json",),), subset=kind) for kind in TASKS),
        Files((("format/llava-v1.5/SVIT_core_150K.json",), ("SVIT_core_150K.json",)), "core_150k", convert=SQUARE),
        Files((("format/llava-v1.5/SVIT_mix_665K.json",), ("SVIT_mix_665K.json",)), "mix_665k", convert=SQUARE),
    ),
    # svit.json is an older single file of the release, or the LLaVA form mirrored by BAAI-DCAI/DataOptim.
    convert=partial(by_key, forms={"image_id": NATIVE, "conversations": conversations}),
    media=(
        MediaRule("visual_genome", ("{name}", "VG_100K/{name}", "VG_100K_2/{name}", "images/{name}")),
        MediaRule("data", ("{ref}", "data/{ref}")),
    ),
    meta_keys=("topic", "id", "model", "conversations"),
    survey_category="general/self-instruct",
    modalities=("image", "text", "region"),
    picture_sources=("Visual Genome (with COCO captions where available)",),
    generator="GPT-4 from VG annotations (region descriptions, objects, boxes) + COCO captions",
    size="4.2M (1.6M conversation QA, 1.6M complex reasoning QA, 1.0M referring QA, 106K descriptions), 108,077 images",
    size_source="README",
    obtain="Accept the terms of https://huggingface.co/datasets/BAAI/SVIT, take data/*.json or format/llava-v1.5/*.json"
    " and Visual Genome's VG_100K and VG_100K_2 (media root 'visual_genome').",
)
