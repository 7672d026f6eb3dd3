"""Shikra-RD: referential dialogue whose phrases are tied to boxes, GPT-4 over Flickr30k Entities.

Paper: https://arxiv.org/abs/2306.15195. Data: https://github.com/shikras/shikra/blob/main/docs/data.md.
Reader: shikras/shikra @ff79a4ce mllm/dataset/single_image_dataset/gpt_gen.py:19-57.
"""

from vlit_hub.formats.marks import marked_phrases
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="shikra-rd",
    title="Shikra-RD",
    paper="Shikra: Unleashing Multimodal LLM's Referential Dialogue Magic",
    arxiv="2306.15195",
    year=2023,
    homepage="https://github.com/shikras/shikra",
    licence="CC-BY-NC-4.0",
    licence_stated="repo CC BY-NC 4.0",
    terms=("OpenAI terms of use (texts by GPT-4)", "Flickr30k pictures on request only"),
    files=(
        Files((("GPT4GEN_RD_BoxCoT_train.jsonl",),)),
        Files((("GPT4GEN_BoxCoT_train.jsonl",),), subset="boxcot"),
        Files((("GPT4GEN_BoxCoT_test.jsonl",),), subset="boxcot", split="test"),
    ),
    convert=marked_phrases,
    media=(
        MediaRule(
            "flickr30k", ("{ref}", "{name}", "flickr30k-images/{name}", "flickr30k_images/{name}", "images/{name}")
        ),
    ),
    survey_category="specific/region",
    modalities=("image", "region", "text"),
    picture_sources=("Flickr30k (Entities)",),
    generator="GPT-4 from Flickr30k Entities captions with boxes",
    size="5,922 QA on 883 images",
    size_source="BAAI-DCAI/DataOptim README",
    obtain="Take the jsonl files from the zip that https://github.com/shikras/shikra/blob/main/docs/data.md links to,"
    " and Flickr30k (media root 'flickr30k') from its authors on request.",
)
