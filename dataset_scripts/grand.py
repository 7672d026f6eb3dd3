"""GranD: SA-1B pictures with objects, attributes and grounded captions; GranD-f: captions grounded in masks.

Paper: https://arxiv.org/abs/2311.03356. Data: https://huggingface.co/datasets/MBZUAI/GranD and MBZUAI/GranD-f.
Reader: mbzuai-oryx/groundingLMM @e74865f207d0 dataset/gcg_datasets/GranDf_gcg_ds.py:58-78,207-263,292-320,
GranD/prepare_annotations/prepare_grand_caption_grounding.py:25-49, GranD/utils/add_masks_to_annotations.py:81-126.
"""

from functools import partial

from vlit_hub.formats.caption_masks import phrase_masks, phrase_polygons
from vlit_hub.formats.coco_regions import coco_caption
from vlit_hub.formats.picture_objects import picture_objects
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

FACTS = ("relationships", "affordances", "landmark", "id_counter")
MASKS = partial(phrase_masks, meta_keys=("image_id",))
FOLDERS = tuple(f"{f}/{{ref}}" for f in ("GranDf_HA_images/train", "coco_2017/train2017", "coco_2014/train2014"))
LAYOUTS = (
    (("GranDf_HA_", "OpenPsg"), "", MASKS),
    (("RefCOCOg_",), "", phrase_polygons),
    (("flickr_mergedGT_",), "images", partial(coco_caption, mask="sam_mask", join="annotations")),
)

SPEC = DatasetSpec(
    name="grand",
    title="GranD / GranD-f",
    paper="GLaMM: Pixel Grounding Large Multimodal Model",
    arxiv="2311.03356",
    year=2023,
    homepage="https://github.com/mbzuai-oryx/groundingLMM",
    hub_id="MBZUAI/GranD",
    licence="Apache-2.0",
    licence_stated="apache-2.0 (both Hub cards); SA-1B images under Meta licence",
    terms=("Meta's SA-1B research licence (pictures)",),
    files=(
        Files((("part_*/**/sa_*.json",), ("**/sa_*.json",)), container="dict"),
        *(
            Files((tuple(f"{name}GCG_{split}.json" for name in names),), "grand-f", split, rows=rows, convert=convert)
            for split in ("train", "val")
            for names, rows, convert in LAYOUTS
        ),
    ),
    convert=partial(picture_objects, meta_keys=FACTS),
    tables={"annotations": Table(rows="annotations", key="image_id")},
    media=(
        MediaRule("sa-1b", ("{ref}", "images/{ref}")),
        MediaRule("grand-f", FOLDERS),
        MediaRule("flickr30k", ("{ref}", "flikcr_30k/train/{ref}")),
    ),
    meta_keys=(*FACTS, "regions", "image_id", "key"),
    survey_category="specific/region",
    modalities=("image", "text", "box", "mask"),
    picture_sources=("SA-1B", "COCO 2017 train (OpenPSG)", "COCO 2014 train (RefCOCOg)", "Flickr30k"),
    generator="GranD: detectors, SAM, BLIP-2, LLaVA, Vicuna; GranD-f: human annotated (HA) + GPT-4 rework",
    size="GranD: 11M images, 810M regions with masks; GranD-f: ~214K image-grounded text pairs",
    size_source="paper",
    download=("hf://datasets/MBZUAI/GranD-f",),
    obtain="Unpack part_N/part_N_M.tar.gz of https://huggingface.co/datasets/MBZUAI/GranD, or take the json files of"
    " MBZUAI/GranD-f (subset grand-f). Pictures: SA-1B from Meta (media root 'sa-1b'), the others from their makers.",
)
