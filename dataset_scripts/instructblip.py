"""InstructBLIP's mixture: public benchmarks in the form LAVIS reads them, captions under drawn instructions, and LLaVA.

Paper: https://arxiv.org/abs/2305.06500. Data: https://github.com/salesforce/LAVIS/tree/main/projects/instructblip.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/*.py (LLaVA: first pair).
"""

from dataclasses import replace
from functools import partial

from vlit_hub.formats.conversations import conversations
from vlit_hub.formats.lavis import AOKVQA, AOKVQA_META, CAPTIONS, OCR_META, OCRVQA, TEXTCAPS, TEXTCAPS_META, TRIPLE, VQA
from vlit_hub.formats.visual_dialog import visual_dialog
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

VISDIAL = partial(visual_dialog, image="VisualDialog_train2018/VisualDialog_train2018_{image_id:012d}.jpg")
PARTS = (
    Files((("**/coco_karpathy_train.json",),), "coco_caption", convert=CAPTIONS),
    Files((("**/vqa_train.json", "**/vqa_val.json"),), "vqav2", convert=VQA),
    Files((("**/okvqa_train.json",),), "okvqa", convert=VQA),
    Files((("**/aokvqa_v1p0_train.json",),), "aokvqa", convert=AOKVQA),
    Files((("**/ocrvqa.json",),), "ocrvqa", convert=OCRVQA),
    Files((("**/TextCaps_0.1_train.json",),), "textcaps", rows="data", convert=TEXTCAPS),
    Files((("**/vg_qa.json",),), "vg_qa", convert=VQA),
    Files((("**/visdial_1.0_train.json",),), "visdial", rows="data.dialogs", convert=VISDIAL),
    Files((("**/llava_instruct_150k.json",), ("**/lava_instruct_150k.json",)), "llava", convert=conversations),
    Files((("**/*triples*.json",),), "triples", convert=TRIPLE),
)

SPEC = DatasetSpec(
    name="instructblip",
    title="InstructBLIP data mixture (26 datasets)",
    paper="InstructBLIP: Towards General-purpose Vision-Language Models with Instruction Tuning",
    arxiv="2305.06500",
    year=2023,
    homepage="https://github.com/salesforce/LAVIS/tree/main/projects/instructblip",
    licence_stated="per constituent; LAVIS code BSD-3-Clause; LLaVA part CC BY-NC 4.0",
    terms=("each constituent's own licence", "OpenAI terms of use (LLaVA part by GPT-4)"),
    files=(*(replace(part, subset="default") for part in PARTS), *PARTS),
    tables={name: Table(rows=f"data.{name}") for name in ("questions", "answers")},
    convert=TRIPLE,
    media=(
        MediaRule("images", ("{ref}", "images/{ref}", "coco/images/{ref}", "train2017/{ref}", "train_images/{ref}")),
    ),
    meta_keys=("id", "model", "dataset", "dialog", *AOKVQA_META, *OCR_META, *TEXTCAPS_META),
    min_typed=0.05,
    survey_category="data-mixing (annotation adaption through templates)",
    picture_sources=("COCO", "OpenImages (TextCaps)", "Visual Genome", "OCR-VQA book covers", "other benchmarks"),
    generator="human-annotated benchmarks + hand-written templates; LLaVA part GPT-4",
    size="26 datasets (13 held-in used for tuning, 13 held-out)",
    size_source="paper; the mixed file was never released",
    released="never",
    substitute="the constituents' LAVIS annotation files, or one file of {image, text_input, text_output} (triples)",
    download=(
        "https://storage.googleapis.com/sfr-vision-language-research/datasets/{coco_karpathy_train,vqa_train,vqa_val}.json",
        "https://storage.googleapis.com/sfr-vision-language-research/LAVIS/datasets/okvqa/okvqa_train.json",
        "https://storage.googleapis.com/sfr-xinstructblip-data-research/data/ocrvqa/ocrvqa.json",
        "https://dl.fbaipublicfiles.com/textvqa/data/textcaps/TextCaps_0.1_train.json",
    ),
    obtain="No mixed file exists: take the annotation files that LAVIS's defaults_instruct.yaml name, and pictures.",
)
