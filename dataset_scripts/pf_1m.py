"""PF-1M: short annotations of many captioning and VQA sets, rewritten into polite answers by Polite Flamingo.

Paper: https://arxiv.org/abs/2307.01003. Data: https://huggingface.co/datasets/chendelong/PF-1M.
Reader: ChenDelong1999/polite_flamingo @7f9acdb1 readme.md:213-284 (picture paths between <img_path> marks, same mark on
both sides). Scores, the original annotation and filtered paragraphs stand in meta.
"""

from functools import partial

from vlit_hub.formats.alpaca import alpaca
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SCORES = ("rouge_score", "reward", "nli_similarity", "sts_similarity", "paragraph_clip_scores")
META = ("original", "filtered_paragraphs", *SCORES)

SPEC = DatasetSpec(
    name="pf-1m",
    title="PF-1M",
    paper="Visual Instruction Tuning with Polite Flamingo",
    arxiv="2307.01003",
    year=2023,
    homepage="https://github.com/ChenDelong1999/polite-flamingo",
    hub_id="chendelong/PF-1M",
    licence_stated="none stated",
    terms=("no licence on the card: research use only", "each source set's terms"),
    files=(Files((("PF-1M.json",),)),),
    convert=partial(
        alpaca,
        instruction="input",
        context="",
        inline=r"<img_path>(.*?)<img_path>",
        # Captions were compared by sentence similarity, answers by entailment.
        tasks={"sts_similarity": "description", "nli_similarity": "vqa", "": "conversation"},
        meta_keys=META,
    ),
    media=(MediaRule("images", ("{ref}", "resized_images/{ref}", "images/{ref}")),),
    meta_keys=META,
    min_typed=0.15,
    survey_category="general/annotation-adaption",
    picture_sources=("many captioning/VQA sets (path prefixes seen: mscoco_2017, mscoco_2014, flickr30)",),
    generator="Polite Flamingo rewrites short annotations, filtered by rouge / NLI / reward scores",
    size="~1M (0.97M)",
    size_source="Hub card",
    download=("hf://datasets/chendelong/PF-1M/resized_images.zip",),
    obtain="Take PF-1M.json and resized_images.zip (5.15 GB, as it is; media root 'images') from"
    " https://huggingface.co/datasets/chendelong/PF-1M.",
)
