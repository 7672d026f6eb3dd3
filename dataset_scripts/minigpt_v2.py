"""MiniGPT-v2, stage 3: its own multi-task dialogues and grounded Flickr30k texts, mixed with public annotations.

Paper: https://arxiv.org/abs/2310.09478. Data: MiniGPTv2_Train.md, dataset/README_MINIGPTv2_FINETUNE.md.
Reader: Vision-CAIR/MiniGPT-4 @d94738a7626e minigpt4/datasets/datasets/multitask_conversation.py:44-63,
flickr.py:44-160, unnatural_instruction.py. Boxes are 0-100 of the original picture (dialect percent).
"""

from vlit_hub.formats import lavis, minigpt
from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

META = (
    *("id", "model", "image_id", "question_id", "dataset", "img_id", "region_id", "from", *minigpt.UNNATURAL_META),
    *lavis.AOKVQA_META, *lavis.GQA_META, *lavis.OCR_META, *lavis.TEXTCAPS_META,
)  # fmt: skip
LLAVA = ("conversation_58k.json", "detail_23k.json", "complex_reasoning_77k.json")
COCO = ("{ref}", "train2014/{ref}", "train2014/COCO_train2014_{ref}", "COCO_train2014_{ref}", "images/{ref}")
ROOTS = dict.fromkeys(("coco", "textcaps", "gqa", "ocrvqa"), COCO) | {
    "flickr30k": ("{ref}", "flickr30k-images/{ref}"),
    "vg": ("VG_100K/{ref}", "VG_100K_2/{ref}"),
}

SPEC = DatasetSpec(
    name="minigpt-v2",
    title="MiniGPT-v2 (stage 3)",
    paper="MiniGPT-v2: Large Language Model As a Unified Interface for Vision-Language Multi-task Learning",
    arxiv="2310.09478",
    year=2023,
    homepage="https://github.com/Vision-CAIR/MiniGPT-4",
    licence_stated="BSD-3-Clause (code); components keep their own licences",
    terms=("LLaVA parts: OpenAI terms of use",),
    files=(
        *(Files(((name,),), convert=convert) for name, convert in minigpt.OWN.items()),
        Files((("coco_karpathy_train.json",),), convert=lavis.CAPTIONS),
        Files((("vqa_train.json", "vqa_val.json", "okvqa_train.json"),), convert=lavis.VQA),
        Files((("aokvqa_v1p0_train.json",),), convert=lavis.AOKVQA),
        Files((("train_balanced_questions.json",),), convert=lavis.GQA),
        Files((("TextCaps_0.1_train.json",),), rows="data", convert=lavis.TEXTCAPS),
        Files((("ocrvqa/dataset.json",),), container="dict", where=("split", 1), convert=lavis.OCRVQA),
        Files((("region_descriptions.json",),), convert=minigpt.VG_REGIONS),
        Files((LLAVA,), convert=conversations),
        Files((("refs(*).jsonl",), ("refs(*).p",)), convert=minigpt.REFER),
        *(Files(((name,),), subset="own", convert=convert) for name, convert in minigpt.OWN.items()),
        Files((("refcoco*_*.json",),), subset="refcoco-eval", split="test", convert=minigpt.REFER),
    ),
    convert=minigpt.MULTITASK,
    media=tuple(MediaRule(name, folders) for name, folders in ROOTS.items()),
    meta_keys=META,
    survey_category="data-mixing",
    modalities=("image", "text", "box"),
    picture_sources=("COCO 2014/2017", "Visual Genome", "TextCaps (OpenImages)", "GQA", "OCR-VQA", "Flickr30k"),
    generator="human annotations + templates; multitask_conversation from RefCOCO and a stage-2 model; LLaVA by GPT-4",
    size="not stated as one number (mixture with sampling ratios)",
    released="partly",
    substitute="its own files, and the constituents' files beside them",
    download=("hf://datasets/liuhaotian/LLaVA-Instruct-150K",),
    obtain="Take the own files from the Google Drive links of dataset/README_MINIGPTv2_FINETUNE.md, the others from"
    " their makers. RefCOCO's refs(*).p are pickles, never loaded: write refs(unc).jsonl with the keys img_id, sents,"
    " bbox [x, y, w, h], width, height instead.",
)
