"""cc_sbu_align: MiniGPT-4's second stage, its own descriptions corrected with ChatGPT and checked by hand.

Paper: https://arxiv.org/abs/2304.10592. Data: https://huggingface.co/datasets/Vision-CAIR/cc_sbu_align.
Reader: Vision-CAIR/MiniGPT-4 @d94738a7626ec43eba6c2cddf3cd2043f1a9689a minigpt4/datasets/datasets/
cc_sbu_dataset.py:29-47, base_dataset.py:27-36. Instructions are
templates of our own: the release has none (prompts/alignment.txt).
"""

from functools import partial

from vlit_hub.formats.qa import Medium, flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="cc-sbu-align",
    title="cc_sbu_align (MiniGPT-4 stage 2)",
    paper="MiniGPT-4: Enhancing Vision-Language Understanding with Advanced Large Language Models",
    arxiv="2304.10592",
    year=2023,
    homepage="https://minigpt-4.github.io",
    hub_id="Vision-CAIR/cc_sbu_align",
    licence_stated="not stated on the card; code BSD-3-Clause",
    terms=("OpenAI terms of use (texts corrected with ChatGPT)", "pictures from the web URLs of CC and SBU"),
    files=(
        Files((("filter_cap.json",),), rows="annotations"),
        # FOHE's copy of the file: the same layout, captions rewritten, records repeated on purpose.
        Files((("filter_cap_FOHE_variant.json",),), split="fohe", rows="annotations"),
    ),
    convert=partial(
        flat_qa,
        media=(Medium("image", "{image_id}.jpg"),),
        question=(),
        answer=("caption",),
        template="describe_image",
        task="description",
    ),
    media=(MediaRule("images", ("image/{ref}", "{ref}", "images/{ref}", "cc_sbu_align/image/{ref}")),),
    min_typed=1.0,
    survey_category="general/self-instruct",
    picture_sources=("Conceptual Captions", "SBU"),
    generator="MiniGPT-4 stage-1 drafts corrected with ChatGPT, then checked by hand",
    size="~3,500 (3,439)",
    size_source="paper; repo",
    obtain="Take filter_cap.json from https://huggingface.co/datasets/Vision-CAIR/cc_sbu_align, the folder image/"
    " (media root 'images') from the Google Drive zip that dataset/README_2_STAGE.md of"
    " https://github.com/Vision-CAIR/MiniGPT-4 links to: the Hub's copy holds only about 100 pictures.",
)
