"""GPT4RoI: public annotations of regions, turned into instructions on the fly, with boxes found for LLaVA's pictures.

Paper: https://arxiv.org/abs/2307.03601. Data: the constituents' own files; hub shilongz/temp holds one pickle.
Reader: jshilong/GPT4RoI @00273ade gpt4roi/datasets/{refcoco,flickr30k,vg,vcr,coco_det,det_llava}.py,
gpt4roi/configs/stage1.py, stage2.py; it feeds boxes as shares of the stretched picture (frame norm).
"""

from functools import partial

from vlit_hub.formats.captions import MDETR_META
from vlit_hub.formats.coco_regions import coco_caption, coco_regions
from vlit_hub.formats.conversations import conversations
from vlit_hub.formats.numbered_objects import VCR, VCR_META, found_boxes
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

REGIONS = partial(coco_regions, meta_keys=MDETR_META)
REFER = tuple(f"finetune_{name}_train.json" for name in ("refcoco", "refcoco+", "refcocog"))
COCO = ("{ref}", "coco_all/{ref}", "train2014/{ref}", "train2017/{ref}", "images/{ref}")

SPEC = DatasetSpec(
    name="gpt4roi",
    title="GPT4RoI",
    paper="GPT4RoI: Instruction Tuning Large Language Model on Region-of-Interest",
    arxiv="2307.03601",
    year=2023,
    homepage="https://github.com/jshilong/GPT4RoI",
    hub_id="shilongz/temp",
    licence="CC-BY-NC-4.0",
    licence_stated="repo CC BY-NC 4.0",
    terms=("each source its own; VCR and Flickr30k need registration",),
    files=(
        Files((REFER,), rows="images", convert=REGIONS),
        Files((("instances_train2017.json",),), rows="images", convert=partial(REGIONS, name="name")),
        Files((("final_flickr_mergedGT_train.json",),), rows="images"),
        Files((("visual_genome/train.json",),), rows="images", convert=REGIONS),
        Files((("vcr/train.jsonl",),), convert=VCR),
        Files((("llava_instruct_150k.json",),), convert=conversations),
        Files((("llava_150k_bbox_pred_results.jsonl",), ("llava_150k_bbox_pred_results.pkl",)), convert=found_boxes),
    ),
    convert=partial(coco_caption, meta_keys=MDETR_META), beside=("**/vcr1images/**/*.json",),
    tables={"annotations": Table(rows="annotations", key="image_id"), "categories": Table(rows="categories", key="id")},
    media=(
        MediaRule("coco", COCO),
        MediaRule("flickr30k", ("{ref}", "flickr30k-images/{ref}")),
        MediaRule("vg", ("VG_100K/{ref}", "VG_100K_2/{ref}")),
        MediaRule("vcr", ("{ref}", "vcr1images/{ref}", "vcr/vcr1images/{ref}")),
    ),
    meta_keys=("id", "model", "objects", *MDETR_META, *VCR_META),
    survey_category="specific/region (annotation adaption)",
    modalities=("image", "region", "text"),
    picture_sources=("COCO", "RefCOCO/+/g", "Flickr30k", "Visual Genome", "VCR", "LLaVA-150k images (COCO train2017)"),
    generator="templates over existing annotations, built on the fly",
    size="not stated as one file",
    released="partly",
    substitute="the constituents' own files, and the boxes as JSON lines in place of the pickle",
    download=("hf://datasets/liuhaotian/LLaVA-Instruct-150K",),
    obtain="Take mdetr_annotations, GRiT's visual_genome/train.json, instances_train2017.json, VCR and"
    " llava_instruct_150k.json from their makers. llava_150k_bbox_pred_results.pkl (Hub shilongz/temp) is a pickle,"
    " never loaded: write its rows (filename, pred_bboxes, labels) to llava_150k_bbox_pred_results.jsonl.",
)  # fmt: skip
