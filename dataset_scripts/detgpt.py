"""DetGPT: queries that need reasoning, answered with the objects to detect, ChatGPT over COCO captions and objects.

Paper: https://arxiv.org/abs/2305.14167. Data: https://github.com/OptimalScale/DetGPT (output_models/download.sh).
Reader: OptimalScale/DetGPT @633b1fc593c9fa9ed76726be96bf7676367caf6c detgpt/datasets/datasets/cc_sbu_dataset.py:29-56,
base_dataset.py:27; demo_detgpt.py:259-260 for the closing list. The data hold no boxes. The release's
filter_cap.json is read by cc-sbu-align.
"""

from functools import partial

from vlit_hub.formats.qa import Flag, Medium, flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

CLOSING = r"(?i)therefore,? the (answer is|target objects are)"

SPEC = DatasetSpec(
    name="detgpt",
    title="DetGPT reasoning-detection instruction data",
    paper="DetGPT: Detect What You Need via Reasoning",
    arxiv="2305.14167",
    year=2023,
    homepage="https://detgpt.github.io",
    licence_stated="code BSD-3-Clause; data licence not stated",
    terms=("OpenAI terms of use (texts by ChatGPT)", "COCO/Flickr terms (pictures)"),
    files=(Files((("coco_task_annotation.json",),), rows="annotations"),),
    convert=partial(
        flat_qa,
        media=(Medium("image", "{image_id}.jpg"),),
        question=("task",),
        task="reasoning",
        flags=(Flag("answer", CLOSING, "ends without its list of target objects", missing=True),),
    ),
    media=(MediaRule("coco", ("val2017/{ref}", "train2017/{ref}", "{ref}", "images/{ref}")),),
    min_typed=1.0,
    survey_category="specific/region (object-task reasoning)",
    picture_sources=("COCO val2017",),
    generator="ChatGPT from COCO captions and object lists",
    size="~30,000 query-answer pairs over 5,000 COCO images",
    size_source="paper",
    obtain="Run output_models/download.sh of https://github.com/OptimalScale/DetGPT (the server lmflow.org:5000 may be"
    " down) for coco_task_annotation.json; take COCO val2017 (media root 'coco') from https://cocodataset.org. Its"
    " cc_sbu_align.tar.gz is MiniGPT-4's set: script cc-sbu-align.",
)
