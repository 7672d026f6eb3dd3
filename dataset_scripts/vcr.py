"""VCR: questions about film stills with four answers each, and four reasons for the right one; objects by number.

Paper: https://arxiv.org/abs/1811.10830. Data: https://visualcommonsense.com (vcr1annots.zip, vcr1images.zip).
Reader: rowanz/r2c @1904271963ab19f2dc6a7ace209bea7a36b8c013 dataloaders/vcr.py (_fix_tokenization, VCR.__getitem__).
"""

from functools import partial

from vlit_hub.formats.numbered_objects import VCR_META
from vlit_hub.formats.token_choices import token_choices
from vlit_hub.spec import DatasetSpec, Files, MediaRule

ORIGINAL = ("question_orig", "answer_orig", "rationale_orig")
META = tuple(key for key in (*VCR_META, *ORIGINAL) if key not in ("question", "answer_choices", "answer_label"))
SPLITS = {"train": "train", "validation": "val", "test": "test"}
WHY = partial(
    token_choices,
    rationale=True,
    meta_keys=tuple(key for key in META if key not in ("rationale_choices", "rationale_label")),
)

SPEC = DatasetSpec(
    name="vcr",
    title="VCR (Visual Commonsense Reasoning)",
    paper="From Recognition to Cognition: Visual Commonsense Reasoning",
    arxiv="1811.10830",
    year=2018,
    homepage="https://visualcommonsense.com",
    licence_stated="given on registration; its terms could not be read",
    terms=("film stills, given on registration",),
    files=(
        *(Files(((f"**/{name}.jsonl",),), split=split) for split, name in SPLITS.items()),
        *(
            Files(((f"**/{name}.jsonl",),), "rationale", split, convert=WHY)
            for split, name in SPLITS.items()
            if name != "test"
        ),
    ),
    convert=partial(token_choices, meta_keys=META),
    beside=("**/vcr1images/**/*.json",),
    media=(MediaRule("vcr", ("{ref}", "vcr1images/{ref}")),),
    meta_keys=(*META, "objects"),
    min_typed=0.2,
    modalities=("image", "text", "region"),
    picture_sources=("VCR (film stills)",),
    generator="human",
    size="290k questions about 110k film stills",
    size_source="paper (abstract)",
    obtain="Register at https://visualcommonsense.com; unpack vcr1annots.zip and vcr1images.zip (media root 'vcr').",
    kind="base",
    scoring="multiple_choice",
)  # fmt: skip
