"""LAMM-Dataset: dialogues about pictures (2D) and point clouds (3D), GPT and templates over annotations.

Paper: https://arxiv.org/abs/2306.06687. Data: https://huggingface.co/datasets/openlamm/LAMM_Dataset.
Reader: OpenGVLab/LAMM @ea571363883ceba58a0f724ef197ed7205e07465 src/datasets/dataset.py:46-80, src/model/LAMM/
openlamm.py:39-42,85-130,477-500. Boxes of the vision tasks: src/datasets/system_msg.py (0-1 of the picture). The
merged files are unions of the parts (issue #38); the benchmark's files have another schema.
"""

from functools import partial

from vlit_hub.formats.conversations import conversations
from vlit_hub.formats.media_dialogue import Slot, media_dialogue
from vlit_hub.spec import DatasetSpec, Files, MediaRule

PARTS = ("daily_dialogue_49k", "detailed_description_49k", "factual_knowledge_dialogue_42k", "vision_task_dialogue_46k")
MERGED = ("186k", "140k", "98k")
TASKS = {"detailed_description_49k": "description", "vision_task_dialogue_46k": "other"}
PICTURES = partial(conversations, meta_keys=("id", "task_type", "src_image"), boxes="float", tasks=TASKS)
KEYS = ("id", "task_type", "src_dataset", "src_id")
POINTS = partial(media_dialogue, slots=(Slot("pcl", "point_cloud"),), task="point_cloud_qa", meta_keys=KEYS)
ALL = (tuple(f"meta_file/{part}.json" for part in PARTS), tuple(f"{part}.json" for part in PARTS))
CLOUDS = (("meta_file/LAMM_3dinstruct_10k.json",), ("LAMM_3dinstruct_10k.json",), ("3d_instruct.json",))

SPEC = DatasetSpec(
    name="lamm",
    title="LAMM-Dataset",
    paper="LAMM: Language-Assisted Multi-Modal Instruction-Tuning Dataset, Framework, and Benchmark",
    arxiv="2306.06687",
    year=2023,
    homepage="https://openlamm.github.io",
    hub_id="openlamm/LAMM_Dataset",
    licence="CC-BY-NC-4.0",
    licence_stated="CC BY-NC 4.0 (project README)",
    terms=("OpenAI terms of use (texts by GPT-API)", "terms of each picture and point cloud source"),
    files=(
        Files((*ALL, *((f"*{size}*.json",) for size in MERGED), ("2d_instruct.json",))),
        Files(CLOUDS, convert=POINTS),
        *(Files(((f"meta_file/{part}.json",), (f"{part}.json",)), subset=part) for part in PARTS),
        Files(CLOUDS, subset="3d", convert=POINTS),
    ),
    convert=PICTURES,
    media=(
        MediaRule("2d", ("{ref}", "2D_Instruct/{ref}")),
        MediaRule("3d", ("{ref}", "3D_Instruct/{ref}"), type="point_cloud", full_colour=255),
    ),
    meta_keys=(*KEYS, "src_image"),
    min_typed=0.6,
    survey_category="general/self-instruct + specific/pointcloud (2D half general, 3D half domain/pointcloud)",
    modalities=("text", "image", "point_cloud"),
    picture_sources=("COCO 2017", "Bamboo", "Locount", "TextVQA", "3RScan", "ShapeNet"),
    generator="GPT-API self-instruct and templated conversion of task annotations",
    size="186K (2D), 10K (3D)",
    size_source="src/model/LAMM/README.md of the repository",
    download=("hf://datasets/openlamm/LAMM_Dataset/**/*.zip#default",),
    obtain="Take 2D_Instruct/ and 3D_Instruct/ (meta_file/ and the archives of pictures and point clouds, packed or"
    " not; media roots '2d', '3d') from https://huggingface.co/datasets/openlamm/LAMM_Dataset.",
)
