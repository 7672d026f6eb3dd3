"""M3IT: forty annotated datasets under 400 written instructions, pictures as base64 inside the rows.

Paper: https://arxiv.org/abs/2306.04387. Data: https://huggingface.co/datasets/MMInstruction/M3IT.
Reader: modelscope/ms-swift @3602360a swift/dataset/dataset/mllm.py:676-695; inputs follow the instruction as in Otter.
"""

from functools import partial

from vlit_hub.formats.embedded import embedded
from vlit_hub.spec import DatasetSpec, Files, Table

SETS = {
    "caption": "captioning|coco-cn|flickr8k-cn|textcap|image-paragraph|multi30k|(^|/)coco/",
    "video_qa": "activitynet-qa|msrvtt-qa|msvd-qa|ivqa",
    "video_caption": "msrvtt",
    "multiple_choice": "science-qa",
    "visual_dialog": "visual-dialog",
    "document_qa": "docvqa|visual-mrc",
    "ocr": "text-vqa|ocr-vqa|st-vqa|coco-text",
    "vqa": "okvqa|a-okvqa|vqa-v2|gqa|viquae|fm-iqa|shapes|clevr",
    "referring": "refcoco",
    "classification": "imagenet|coco-goi|coco-itm|iqa|snli-ve|nlvr|vsr|mocheg",
    "reasoning": "vcr",
}

SPEC = DatasetSpec(
    name="m3it",
    title="M3IT (and M3IT-80)",
    paper="M3IT: A Large-Scale Dataset towards Multi-Modal Multilingual Instruction Tuning",
    arxiv="2306.04387",
    year=2023,
    homepage="https://m3-it.github.io",
    hub_id="MMInstruction/M3IT",
    licence_stated='"other" on the card: per-source licences listed there; instructions by the authors',
    terms=("OpenAI terms of use (short answers of some VQA sets paraphrased by ChatGPT)",),
    files=(
        Files((("data/*/*/train*.jsonl", "**/*_rows.json", "train*.jsonl"),)),
        Files((("data/*/*/val*.jsonl",),), split="validation"),
        Files((("data/*/*/test*.jsonl",),), split="test"),
    ),
    tables={"instructions": Table(("{folder}/instructions.json",))},
    convert=partial(
        embedded,
        pictures=("image_base64_str", "image_str", "img_str"),
        tasks={pattern: task for task, pattern in SETS.items()},
        videos="activitynet|msrvtt|msvd|ivqa|/ss/",
        languages={"-cn/|-cn_|fm-iqa": "zh"},
    ),
    survey_category="general/annotation-adaption",
    modalities=("text", "image", "video"),
    picture_sources=("COCO", "ImageNet", "Visual Genome/GQA", "Flickr", "TextVQA/OCR-VQA/ST-VQA/DocVQA")
    + ("ActivityNet, MSRVTT, MSVD (frames)",),
    generator="existing annotations + human-written instructions; short answers of some VQA sets by ChatGPT",
    size="~2.4M, 40 datasets, 400 instructions",
    size_source="paper",
    obtain="Take the folders data/<task>/<dataset> (instructions.json and the jsonl files) from"
    " https://huggingface.co/datasets/MMInstruction/M3IT; its loading script is not needed.",
)
