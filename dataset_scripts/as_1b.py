"""AS-1B (All-Seeing): questions and captions about regions of SA-1B, out of a data engine with human feedback.

Paper: https://arxiv.org/abs/2308.01907. Data: https://huggingface.co/datasets/OpenGVLab/AS-Core, AS-100M, AS-V2.
Reader: OpenGVLab/all-seeing @5cb8cea0 README.md, all-seeing/README.md, all-seeing-v2/README.md. Boxes are pixels in
AS-Core and AS-100M; AS-V2's texts hold integers of [0, 1000) on the padded square (dialect asmv2).
"""

from functools import partial

from vlit_hub.formats.inline_boxes import boxed_dialogue
from vlit_hub.formats.region_qa import region_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

DIALOGUE = partial(boxed_dialogue, dialect="asmv2")

SPEC = DatasetSpec(
    name="as-1b",
    title="AS-1B (All-Seeing)",
    paper="The All-Seeing Project: Towards Panoptic Visual Recognition and Understanding of the Open World",
    arxiv="2308.01907",
    year=2023,
    homepage="https://github.com/OpenGVLab/all-seeing",
    hub_id="OpenGVLab/AS-Core",
    licence="Apache-2.0",
    licence_stated="AS-100M card: apache-2.0; repo Apache-2.0",
    terms=("Meta's SA-1B research licence (pictures)",),
    files=(
        Files((("region_vqa_1m.jsonl",),)),
        Files((("region_caption_400k.jsonl",),), convert=partial(region_qa, answer="caption")),
        Files((("jsonl_format/*.jsonl",),), subset="as-100m"),
        Files((("as_pretrain_10m.json",),), subset="as-10m", convert=DIALOGUE),
        Files((("as_mix_4m.json",),), subset="as-v2-mix", convert=DIALOGUE),
        Files((("rec_*_22k.json", "rec_*_42k.json", "rec_*_63k.json"),), subset="as-v2-rec", convert=DIALOGUE),
    ),
    convert=region_qa,
    media=(MediaRule("sa-1b", ("{ref}", "sam/{ref}", "SA-1B/{ref}", "images/{ref}")),),
    meta_keys=("id",),
    survey_category="specific/region",
    modalities=("image", "region", "text"),
    picture_sources=("SA-1B (Segment Anything)",),
    generator="semi-automatic data engine with human feedback (paper abstract); component models not checked",
    size="over 1 billion regions, 3.5M concepts, 132.2B tokens; AS-100M 100M regions; AS-Core 1M QA, 400k captions",
    size_source="paper abstract; Hub cards",
    released="partly",
    substitute="AS-Core, AS-100M (jsonl form), AS-10M and AS-V2, which are on the Hub; AS-Core's semantic_tags_1m.json"
    " and AS-100M's coco_format, whose layouts are not told, are not read",
    download=("hf://datasets/OpenGVLab/AS-100M", "hf://datasets/OpenGVLab/AS-V2"),
    obtain="The full AS-1B was never put out. Accept the terms of https://huggingface.co/datasets/OpenGVLab/AS-Core"
    " (region_vqa_1m.jsonl, region_caption_400k.jsonl), AS-100M or AS-V2 and take their files; the pictures are SA-1B's"
    " (media root 'sa-1b').",
)
