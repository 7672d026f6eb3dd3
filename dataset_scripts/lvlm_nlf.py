"""LVLM_NLF (DRESS): dialogues with a rating and a critique per answer, and VLSafe: harmful queries with safe answers.

Paper: https://arxiv.org/abs/2311.10081. Data: https://huggingface.co/datasets/YangyiYY/LVLM_NLF.
Reader: none was released; the Hub tree YangyiYY/LVLM_NLF @000d801 gives the files, gyhdog99/ECSO @3878522f3a59
llava/eval/model_vlsafe.py:41-42 reads VLSafe (image_id, query).
"""

from functools import partial

from vlit_hub.formats.base_qa import question_answer
from vlit_hub.formats.feedback import judged_dialogue
from vlit_hub.spec import DatasetSpec, Files, MediaRule

NLF = ("hallucination_nlf.jsonl", "harmlessness_nlf.jsonl", "helpfulness_nlf.jsonl")
VLSAFE = partial(
    question_answer, image="{image_id}", question="query", answer="reference", caption="caption", task="conversation",
    flag=("", "adversarial"),
)  # fmt: skip
TRAIN = (("**/harmlessnss_alignment.jsonl",), ("VLSafe/train.jsonl",))  # the misspelling is the release's
TEST = (("**/harmlessness_examine.jsonl",), ("VLSafe/eval.jsonl",))

SPEC = DatasetSpec(
    name="lvlm-nlf",
    title="LVLM_NLF (with VLSafe)",
    paper="DRESS: Instructing Large Vision-Language Models to Align and Interact with Humans via Natural Language"
    " Feedback",
    arxiv="2311.10081",
    year=2023,
    homepage="https://huggingface.co/datasets/YangyiYY/LVLM_NLF",
    hub_id="YangyiYY/LVLM_NLF",
    licence_stated="not stated (no licence field seen on the Hub card)",
    terms=("OpenAI terms of use (feedback and queries by GPT-4)", "COCO/Flickr terms (pictures)"),
    files=(
        Files((tuple(f"**/{name}" for name in NLF),)),
        Files(TRAIN, convert=VLSAFE),
        Files(TEST, split="test", convert=VLSAFE),
        Files((tuple(f"**/{name}" for name in NLF),), subset="nlf"),
        Files(TRAIN, subset="vlsafe", convert=VLSAFE),
        Files(TEST, subset="vlsafe", split="test", convert=VLSAFE),
    ),
    convert=partial(judged_dialogue, flag=("harmlessness", "adversarial")),
    media=(MediaRule("coco", ("{ref}", "train2017/{ref}", "images/{ref}", "coco/train2017/{ref}")),),
    meta_keys=("adversarial",),
    min_typed=0.9,
    survey_category="general/self-instruct",
    picture_sources=("COCO train2017",),
    generator="GPT-4 (feedback, VLSafe queries) on LLaVA-Instruct / COCO captions; model answers by the LVLM",
    size="10K<n<100K; per-file counts not found",
    size_source="Hub size tag",
    obtain="Take the folders LVLM_NLF and VLSafe from https://huggingface.co/datasets/YangyiYY/LVLM_NLF and COCO"
    " train2017 (media root 'coco') from https://cocodataset.org. VLSafe's queries are harmful by design.",
)
