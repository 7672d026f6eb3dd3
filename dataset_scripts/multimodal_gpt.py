"""MultiModal-GPT's mixture: LLaVA, A-OKVQA, cc_sbu_align, COCO captions, OCR-VQA, and three sets of text alone.

Paper: https://arxiv.org/abs/2305.04790. Data: https://github.com/open-mmlab/Multimodal-GPT (README, data/).
Reader: open-mmlab/Multimodal-GPT @9c73e47ad6c339e828a44f164d1a2c5bff904747 configs/dataset_config.py, mmgpt/datasets/.
Dialogues keep every pair (dial_dataset.py:44-47 shifts them) and Baize its last turn.
"""

from dataclasses import replace
from functools import partial

from vlit_hub.dataset_scripts import cc_sbu_align, llava_instruct_150k

from vlit_hub.formats.alpaca import alpaca
from vlit_hub.formats.dialogues import speaker_marks
from vlit_hub.formats.lavis import CAPTIONS, OCR_META, OCRVQA
from vlit_hub.formats.listed_choices import listed_choices
from vlit_hub.spec import DatasetSpec, Files, MediaRule

LLAVA, SBU = llava_instruct_150k.SPEC.convert, cc_sbu_align.SPEC.convert
ROW = ("split", "image_id", "question_id", "difficult_direct_answer")
AOKVQA = partial(
    listed_choices, index="correct_choice_idx", rationales="rationales", answers="direct_answers",
    explained="The answer is {answer}. Because {rationale}", meta_keys=ROW,
)  # fmt: skip
DOLLY = partial(alpaca, context="context", reply="response", meta_keys=("category",))
FOLDERS = ("coco/images", "train2017", "cc_sbu_align/image", "image", "OCR_VQA/images", "images")
PARTS = (
    Files((tuple(f"**/{part}.json" for part in llava_instruct_150k.PARTS),), "llava", convert=LLAVA),
    Files((("**/aokvqa_v1p0_train.json",),), "aokvqa", convert=AOKVQA),
    Files((("**/filter_cap.json",),), "cc_sbu_align", rows="annotations", convert=SBU),
    Files((("**/coco_karpathy_train_converted.json", "**/coco_karpathy_val.json"),), "coco_caption", convert=CAPTIONS),
    Files((("**/downloaded_dataset.json",),), "ocr_vqa", convert=OCRVQA),
    Files((("**/databricks-dolly-15k.jsonl",),), "dolly", convert=DOLLY),
    Files((("**/alpaca_gpt4_data.json",),), "alpaca_gpt4"),
    Files((("**/quora_chat_data.json",),), "baize", convert=partial(speaker_marks, meta_keys=("topic",))),
)

SPEC = DatasetSpec(
    name="multimodal-gpt",
    title="MultiModal-GPT data mixture",
    paper="MultiModal-GPT: A Vision and Language Model for Dialogue with Humans",
    arxiv="2305.04790",
    year=2023,
    homepage="https://github.com/open-mmlab/Multimodal-GPT",
    licence_stated="repository Apache-2.0; constituents separately",
    terms=("LLaVA CC BY-NC 4.0, Dolly CC BY-SA 3.0, Alpaca-GPT4 CC BY-NC 4.0", "OpenAI terms of use (GPT texts)"),
    files=(*(replace(part, subset="default") for part in PARTS), *PARTS),
    convert=alpaca,
    media=(MediaRule("data", ("{ref}", *(f"{top}{f}/{{ref}}" for top in ("", "data/") for f in FOLDERS))),),
    meta_keys=("id", "model", "category", "topic", *ROW, *OCR_META),
    min_typed=0.4,
    survey_category="data-mixing / general annotation-adaption",
    picture_sources=("COCO", "cc_sbu_align (CC+SBU)", "OCR-VQA book covers"),
    generator="mixture (GPT-4, ChatGPT, human, templates)",
    size="LLaVA 158K, cc_sbu_align ~3.4K, Dolly 15K, Alpaca-GPT4 52K, Baize; sampled: A-OKVQA 5K, captions, OCR-VQA",
    size_source="configs/dataset_config.py",
    released="never",
    substitute="the constituents' own files, side by side or one folder each; nothing is sampled",
    obtain="No mixed file exists: take what the README names into data/, with its pictures (media root 'data').",
)
