"""COCO_ARC: the survey authors' own data, global / negative / region instructions over COCO 2014.

Paper: https://arxiv.org/abs/2311.08172. Data: https://huggingface.co/datasets/lllchenlll/COCO_ARC.
Reader: none was released; palchenli/VL-Instruction-Tuning @acb4806987f3 README.md:128-178 gives the layout.
"""

from functools import partial

from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

TYPES = ("global", "negative", "region")

SPEC = DatasetSpec(
    name="coco-arc",
    title="COCO_ARC",
    paper="Vision-Language Instruction Tuning: A Review and Analysis",
    arxiv="2311.08172",
    year=2023,
    homepage="https://github.com/palchenli/VL-Instruction-Tuning",
    hub_id="lllchenlll/COCO_ARC",
    licence_stated="README badge CC BY-SA 4.0, but the badge links to cc-by-4.0; the Hub repository has no licence tag",
    terms=("OpenAI terms of use (texts by GPT)", "COCO/Flickr terms (pictures)"),
    files=(
        Files((tuple(f"{kind}.json" for kind in TYPES),), rows="annotations"),
        *(Files(((f"{kind}.json",),), subset=kind, rows="annotations") for kind in TYPES),
    ),
    # Region pictures are named <photograph>_<k>: the photograph is the group.
    convert=partial(
        conversations,
        media_key="img_ids",
        meta_keys=("prompt_version", "model"),
        instruction_type_key="instruction_type",
        group=r"COCO_(?:train|val)2014_\d{12}",
    ),
    media=(
        MediaRule("coco", ("{ref}", "{ref}.jpg", "images/{ref}", "images/{ref}.jpg", "train2014/{ref}")),
        MediaRule("region_images", ("{ref}", "{ref}.jpg", "region_images/{ref}", "region_images/{ref}.jpg")),
    ),
    survey_category="general/self-instruct",
    picture_sources=("COCO 2014 train",),
    generator="GPT (the survey's construction pipeline over COCO captions and boxes)",
    size="not stated in the README",
    download=("hf://datasets/lllchenlll/COCO_ARC/region_images.zip#default,region",),
    obtain="Take global.json, negative.json, region.json and region_images.zip (as it is; media root 'region_images')"
    " from https://huggingface.co/datasets/lllchenlll/COCO_ARC and COCO train2014 (media root 'coco') from"
    " https://cocodataset.org.",
)
