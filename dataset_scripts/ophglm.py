"""OphGLM (FundusTuning-CN): Chinese dialogues on eye diseases, of which a sample file without pictures is public.

Paper: https://arxiv.org/abs/2306.12174. Data: https://github.com/ML-AILab/OphGLM, data/data_samples.json.
Reader: ML-AILab/OphGLM @9c089c60 chat.py; rows at @295cd186df7e0ba96af2b269279a95ddde29c9f5. The scraped dialogues of
patients that lie beside it (*_result.txt) are not read: they are private and should not be spread.
"""

from functools import partial

from vlit_hub.formats.alpaca import alpaca
from vlit_hub.spec import DatasetSpec, Files

SPEC = DatasetSpec(
    name="ophglm",
    title="OphGLM (FundusTuning-CN)",
    paper="OphGLM: Training an Ophthalmology Large Language-and-Vision Assistant based on Instructions and Dialogue",
    arxiv="2306.12174",
    year=2023,
    homepage="https://github.com/ML-AILab/OphGLM",
    licence_stated="not stated",
    terms=("OpenAI terms of use (texts by ChatGPT)", "medical advice text: no clinical use"),
    languages=("zh",),
    files=(Files((("data_samples.json",),)),),
    # The first pair of every history is the fixed role prompt.
    convert=partial(alpaca, preamble=1, tasks="conversation", language="zh"),
    survey_category="domain/medicine (ophthalmology)",
    modalities=("text",),
    picture_sources=("fundus images (ODIR-5K and others), not referenced by the released records",),
    generator="ChatGPT/GPT rewriting of knowledge and real doctor-patient dialogues",
    size="full FundusTuning-CN not released; sample file of 7.96 M characters",
    size_source="README, data/data_samples.json",
    released="partly",
    substitute="data_samples.json: dialogues in text only, no pictures",
    download=("https://raw.githubusercontent.com/ML-AILab/OphGLM/HEAD/data/data_samples.json",),
    obtain="Take data/data_samples.json from https://github.com/ML-AILab/OphGLM (public since 2024-09-30). The full set"
    " and its pictures were not released.",
)
