"""InternLM-XComposer: a mixture that was never released, read in its authors' fine-tuning forms (1.0, 2.0, 2.5).

Paper: https://arxiv.org/abs/2309.15112. Data: https://github.com/InternLM/InternLM-XComposer (no plan to release: issue
#160). Readers: InternLM/InternLM-XComposer @0f70c3e39111 InternLM-XComposer-1.0/finetune/data_mix.py,
InternLM-XComposer-2.0/finetune/data_mix.py, finetune/data_mix.py; examples in finetune/data/.
"""

from functools import partial

from vlit_hub.formats.conversations import conversations
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="internlm-xcomposer",
    title="InternLM-XComposer training data",
    paper="InternLM-XComposer: A Vision-Language Large Model for Advanced Text-image Comprehension and Composition",
    arxiv="2309.15112",
    year=2023,
    homepage="https://github.com/InternLM/InternLM-XComposer",
    licence_stated="code Apache-2.0; data not released",
    files=(
        Files((("*_example.json", "data/*.json"),)),
        Files((("xc1/*.json",),), subset="xc1", convert=partial(conversations, meta_keys=("id",))),
    ),
    convert=partial(conversations, placeholder="<ImageHere>", meta_keys=("id",)),
    # By their last part: version 1.0 writes the full paths of its authors' machine.
    media=(
        MediaRule(
            "images", ("{name}", "images/{name}", "data/images/{name}", "xc2_5_finetune_examples/data/images/{name}")
        ),
    ),
    meta_keys=("id",),
    survey_category="data-mixing",
    modalities=("image", "text", "interleaved"),
    picture_sources=("mixture (VQA, caption, LLaVA, in-house interleaved, WanJuan)",),
    generator="mixture",
    size="unknown",
    released="never",
    substitute="files in the authors' fine-tuning forms: 2.x (<ImageHere>) as *_example.json or data/*.json, 1.0"
    " (<image>) as xc1/*.json",
    obtain="The training set was not released. The authors' examples are finetune/data/*_example.json and"
    " finetune/data/images (media root 'images') of https://github.com/InternLM/InternLM-XComposer; own files in the"
    " same form go to data/. Public parts have scripts of their own (llava-instruct-150k).",
)
