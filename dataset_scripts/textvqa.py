"""TextVQA: questions that need the text in the picture, ten answers each.

Paper: https://arxiv.org/abs/1904.08920. Data: https://textvqa.org/dataset.
Reader: the file's own layout (textvqa.org), as facebookresearch/mmf reads it.
"""

from functools import partial

from vlit_hub.formats.base_qa import question_answer
from vlit_hub.spec import DatasetSpec, Files, MediaRule

META = tuple(
    "question_id image_classes flickr_original_url flickr_300k_url image_width image_height question_tokens"
    " set_name".split()
)

SPEC = DatasetSpec(
    name="textvqa",
    title="TextVQA",
    paper="Towards VQA Models That Can Read",
    arxiv="1904.08920",
    year=2019,
    homepage="https://textvqa.org",
    licence="CC-BY-4.0",
    licence_stated="CC BY 4.0 (textvqa.org)",
    files=tuple(
        Files(((f"**/TextVQA_0.5.1_{name}.json",),), split=split, rows="data")
        for name, split in {"train": "train", "val": "validation", "test": "test"}.items()
    ),
    convert=partial(question_answer, image="{image_id}.jpg", answer="answers", task="ocr", meta_keys=META),
    media=(MediaRule("openimages", ("{ref}", "train_images/{ref}", "test_images/{ref}", "images/{ref}")),),
    meta_keys=META,
    min_typed=0.1,
    picture_sources=("OpenImages v3",),
    generator="human",
    size="45,336 questions on 28,408 pictures",
    size_source="paper",
    obtain="Take TextVQA_0.5.1_*.json and the image archives from https://textvqa.org/dataset.",
    kind="base",
    scoring="vqa",
)
