"""PMC-VQA: multiple choice over figures of PubMed Central, written by ChatGPT from their captions.

Paper: https://arxiv.org/abs/2305.10415. Data: https://huggingface.co/datasets/RadGenome/PMC-VQA.
Reader: xiaoman-zhang/PMC-VQA @1678ec2c97f0b2bf84591ddccd2e84932630e450 src/MedVInT_TD/Dataset/PMC_QA_Dataset.py:56-99
and src/MedVInT_TE/dataset/dataset.py:32-37. Version 1 has an Answer_label column, version 2 has not.
"""

from functools import partial

from vlit_hub.formats.choices import multiple_choice
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="pmc-vqa",
    title="PMC-VQA",
    paper="PMC-VQA: Visual Instruction Tuning for Medical Visual Question Answering",
    arxiv="2305.10415",
    year=2023,
    homepage="https://xiaoman-zhang.github.io/PMC-VQA/",
    hub_id="xmcmic/PMC-VQA",
    licence_stated="CC BY-SA (card); code LICENSE MIT",
    terms=("OpenAI terms of use (texts by ChatGPT)", "figures under the licences of their PMC articles"),
    files=(
        Files((("train_2.csv",), ("train2.csv",), ("train.csv",))),
        Files((("test_2.csv",), ("test2.csv",), ("test.csv",)), split="test"),
        Files((("train.csv",),), subset="v1"),
        Files((("test.csv",),), subset="v1", split="test"),
        Files((("test_clean.csv",),), subset="v1", split="test_clean"),
        Files((("train_2.csv",), ("train2.csv",)), subset="v2"),
        Files((("test_2.csv",), ("test2.csv",)), subset="v2", split="test"),
    ),
    convert=partial(
        multiple_choice,
        image="Figure_path",
        question="Question",
        options=("Choice A", "Choice B", "Choice C", "Choice D"),
        answer=("Answer", "Anwser"),
        label="Answer_label",
        caption="Caption",
        meta_keys=("index", "split", "Answer_label"),
    ),
    media=(
        MediaRule("images", ("{ref}", "images/{ref}", "figures/{ref}")),
        MediaRule("images_2", ("{ref}", "images_2/{ref}", "images_2/figures/{ref}", "figures/{ref}")),
    ),
    meta_keys=("index", "split", "Answer_label"),
    survey_category="domain/medicine",
    picture_sources=("PubMed Central open access figures (PMC-OA)",),
    generator="ChatGPT from figure captions + filtering; test_clean manually verified",
    size="227K QA on 149K images",
    size_source="card, paper",
    download=(
        "hf://datasets/RadGenome/PMC-VQA/images_2.zip#default,v2",
        "hf://datasets/RadGenome/PMC-VQA/images.zip#v1",
    ),
    obtain="Take the csv files, images.zip (version 1; media root 'images') and images_2.zip (version 2; media root"
    " 'images_2') from https://huggingface.co/datasets/RadGenome/PMC-VQA.",
)
