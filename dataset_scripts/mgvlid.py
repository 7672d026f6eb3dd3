"""MGVLID: instructions about pictures and about regions that a point or a box refers to (ChatSpot). Never released.

Paper: https://arxiv.org/abs/2307.09474. Data: none ("will be coming soon": Ahnsun/ChatSpot @c1915478).
Reader: none. What is read are LLaVA-style conversations of one's own; how the set scales its coordinates is not known,
so they stay text.
"""

from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="mgvlid",
    title="MGVLID (Multi-Grained Vision-Language Instruction-following Dataset)",
    paper="ChatSpot: Bootstrapping Multimodal LLMs via Precise Referring Instruction Tuning",
    arxiv="2307.09474",
    year=2023,
    homepage="https://github.com/Ahnsun/ChatSpot",
    licence_stated="none for the data; README notes LLaMA-derived terms",
    terms=("OpenAI terms of use (texts by GPT-4)", "pictures under the terms of their sources"),
    files=(Files((("mgvlid.json", "mgvlid.jsonl"),)),),
    convert=conversations,
    media=(MediaRule("images", ("{ref}", "images/{ref}", "coco/{ref}", "VG_100K/{name}", "VG_100K_2/{name}")),),
    meta_keys=("id", "model"),
    min_typed=0.8,
    survey_category="specific/region",
    modalities=("image", "region", "text"),
    picture_sources=("COCO", "Visual Genome", "RefCOCO/+/g", "other detection, OCR and VQA sets named in the paper"),
    generator="templates over annotations + GPT-4",
    size="not verified: 1.2M",
    size_source="from memory, not checked",
    released="never",
    substitute="LLaVA-style conversations of one's own",
    obtain="No file can be had: bring mgvlid.json of your own, LLaVA-style conversations whose pictures lie below"
    " the media root 'images'.",
)
