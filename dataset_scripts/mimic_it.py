"""MIMIC-IT: instructions by ChatGPT (Syphus) with related in-context examples, over pictures and frames of videos.

Paper: https://arxiv.org/abs/2306.05425. Data: https://huggingface.co/datasets/pufanyi/MIMICIT (gated agreement).
Reader: Luodian/Otter @1e7eb9a6fb12ef410082e796c463b99495637b85
pipeline/mimicit_utils/mimicit_dataset.py:186-215,307-345,345-420; layout: docs/mimicit_format.md.
"""

from functools import partial

from vlit_hub.formats.in_context import in_context
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

LA = ("LACONV", "LADD", "LACR_I2I", "LACR_T2T")
TASKS = ("LA", "SD", "CGD", "SN", "DC", "VIST", "TVC", "E4D", "DallE3")
FILES: dict[str, tuple[tuple[str, ...], ...]] = {task: ((f"{task}_instructions.json",),) for task in TASKS}
FILES["LA"] = (tuple(f"{part}_instructions.json" for part in LA), *FILES["LA"])  # two generations of one set
VIDEO = {task: "video_qa" for task in ("DC", "TVC", "E4D")}
TABLES = (*TASKS, *LA)

SPEC = DatasetSpec(
    name="mimic-it",
    title="MIMIC-IT",
    paper="MIMIC-IT: Multi-Modal In-Context Instruction Tuning",
    arxiv="2306.05425",
    year=2023,
    homepage="https://github.com/Luodian/Otter/tree/main/mimic-it",
    hub_id="pufanyi/MIMICIT",
    licence="MIT",
    licence_stated='MIT on the HF card, plus the "research only" download agreement; sources\' terms apply',
    terms=("OpenAI terms of use (texts by ChatGPT)", "TVQA, Ego4D, ScanNet etc. each need acceptance"),
    files=(
        *(Files(FILES[task], container="dict", rows="data") for task in TASKS),
        *(Files(FILES[task], subset=task, container="dict", rows="data") for task in TASKS),
    ),
    tables={
        "records": Table(("*_instructions.json",), rows="data"),
        "related": Table(tuple(f"{task}_train.json" for task in TABLES)),
        "images": Table(tuple(f"{task}{end}" for task in TABLES for end in (".json", ".parquet")), value="base64"),
    },
    options={"context": 0},
    unique_id=True,
    convert=partial(
        in_context,
        tasks={"LADD": "description", "LACR": "reasoning", "LA": "conversation", "SD": "comparison"}
        | {"CGD": "comparison", "SN": "planning", "VIST": "storytelling", **VIDEO},
        clips=r"((?:DC|TVC|E4D)_.+)_\d+",
    ),
    media=(MediaRule("images", ("{ref}", "{ref}.jpg", "images/{ref}.jpg", "images/{ref}.png")),),
    meta_keys=("rel_ins_ids",),
    survey_category="general/self-instruct (in-context, multi-image, video)",
    modalities=("text", "image", "multi-image", "video"),
    picture_sources=("COCO", "Spot-the-Diff", "ScanNetv2", "ActivityNet", "VIST", "TVQA", "Ego4D"),
    generator="ChatGPT (Syphus pipeline)",
    size="2.8M instances, 2.2M unique instructions",
    size_source="mimic-it/README.md statistics table; HF README",
    obtain="Accept the agreement of https://huggingface.co/datasets/pufanyi/MIMICIT and take <TASK>_instructions.json,"
    " <TASK>_train.json and <TASK>.json or <TASK>.parquet (pictures); some pictures come by form or from their source.",
)
