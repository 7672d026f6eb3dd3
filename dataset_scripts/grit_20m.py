"""GRIT-20M: web captions of COYO-700M whose noun chunks and referring expressions are tied to GLIP's boxes.

Paper: https://arxiv.org/abs/2306.14824. Data: https://huggingface.co/datasets/zzliang/GRIT.
Reader: microsoft/unilm @768a3c87 kosmos-2/README.md:73-117,177-180, kosmos-2/data/prepare_grit.py and
kosmos-2/data/visualize_grit.py. Start and end are floats in the parquet. Not the GRIT of Ferret (grit-ferret).
"""

from functools import partial

from vlit_hub.formats.grounding import grounded_caption
from vlit_hub.spec import DatasetSpec, Files, MediaRule

META = ("clip_similarity_vitb32", "clip_similarity_vitl14", "id")

SPEC = DatasetSpec(
    name="grit-20m",
    title="GRIT-20M",
    paper="Kosmos-2: Grounding Multimodal Large Language Models to the World",
    arxiv="2306.14824",
    year=2023,
    homepage="https://github.com/microsoft/unilm/tree/master/kosmos-2",
    hub_id="zzliang/GRIT",
    licence="MS-PL",
    licence_stated="ms-pl (Hub card)",
    terms=("web pictures of unknown rights",),
    files=(Files((("coyo_*_snappy.parquet",), ("grit_coyo.jsonl",))),),
    convert=partial(grounded_caption, meta_keys=META),
    media=(MediaRule("coyo", ("{ref}", "images/{ref}")),),
    meta_keys=META,
    # The stem that img2dataset gave the picture.
    unique_id=True,
    min_typed=0.7,
    survey_category="specific/region",
    modalities=("image", "region", "text"),
    picture_sources=("COYO-700M (web URLs)",),
    generator="spaCy noun chunks/referring expressions + GLIP boxes on existing captions (no LLM)",
    size="~20M rows (COYO-700M part of the 90M GRIT)",
    size_source="format survey of the Hub card",
    obtain="Take grit-20m/coyo_{0..20}_snappy.parquet from https://huggingface.co/datasets/zzliang/GRIT and fetch the"
    " pictures by their url with img2dataset (media root 'coyo'); links rot.",
)
