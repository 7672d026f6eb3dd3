"""GPT4Tools: prompts with tools, history and the steps so far, and the agent's next step, by GPT-3.5. Text only.

Paper: https://arxiv.org/abs/2305.18752. Data: https://github.com/AILab-CVC/GPT4Tools (asserts/docs/data.md).
Reader: AILab-CVC/GPT4Tools @643faa8e5036310a9ec60ae1840818b6b5d4e4af gpt4tools/data/builder.py:50-63,
generate_annoations.py (the prompt's form), eval/evaluate_result.py:33,46. The picture names in the texts are random.
"""

from functools import partial

from vlit_hub.formats.tool_use import tool_dialogue
from vlit_hub.spec import DatasetSpec, Files

SPEC = DatasetSpec(
    name="gpt4tools",
    title="GPT4Tools instruction data (71K)",
    paper="GPT4Tools: Teaching Large Language Model to Use Tools via Self-instruction",
    arxiv="2305.18752",
    year=2023,
    homepage="https://github.com/AILab-CVC/GPT4Tools",
    licence="Apache-2.0",
    licence_stated="repository LICENSE Apache-2.0 text; data licence not stated separately",
    terms=("OpenAI terms of use (texts by GPT-3.5-turbo)", "COCO captions"),
    files=(
        Files((("gpt4tools_71k.json",),)),
        Files((("gpt4tools_val_seen.json",),), split="val_seen"),
        Files((("gpt4tools_test_unseen.json",),), split="test_unseen"),
    ),
    convert=partial(tool_dialogue, meta_keys=("id",)),
    meta_keys=("id",),
    min_typed=0.7,
    survey_category="general/self-instruct (tool use; survey may file it under construction-tools / data from"
    " tool-augmented LLMs)",
    modalities=("text",),
    picture_sources=("COCO captions of ~3K images (text only)",),
    generator="GPT-3.5-turbo",
    size="71,446",
    size_source="asserts/docs/data.md; mirror row count",
    obtain="Take the three json files by the OneDrive or Google Drive links in asserts/docs/data.md of"
    " https://github.com/AILab-CVC/GPT4Tools; there are no pictures.",
)
