"""PointLLM: brief descriptions and dialogues about coloured Objaverse point clouds, Cap3D captions and GPT-4.

Paper: https://arxiv.org/abs/2308.16911. Data: https://huggingface.co/datasets/RunsenXu/PointLLM.
Reader: OpenRobotLab/PointLLM @77bf64cc pointllm/data/object_point_dataset.py:103,115-119,145-146,171-190,
utils.py. Without <point> a record is text only: its cloud is listed, not mentioned. `_filtered` lacks the val objects.
"""

from functools import partial

from vlit_hub.formats.media_dialogue import Slot, media_dialogue
from vlit_hub.spec import DatasetSpec, Files, MediaRule

CORRUPT = "its colours are corrupted: the authors' reader leaves it out"
BRIEF = tuple((f"PointLLM_brief_description_660K{end}.json",) for end in ("_filtered", ""))
COMPLEX = (("PointLLM_complex_instruction_70K.json",),)
GT = tuple((f"PointLLM_brief_description_val_{n}_GT.json",) for n in (3000, 200))

SPEC = DatasetSpec(
    name="pointllm",
    title="PointLLM (point-text instruction data)",
    paper="PointLLM: Empowering Large Language Models to Understand Point Clouds (ECCV 2024)",
    arxiv="2308.16911",
    year=2023,
    homepage="https://github.com/OpenRobotLab/PointLLM",
    hub_id="RunsenXu/PointLLM",
    licence="CC-BY-NC-SA-4.0",
    licence_stated="odc-by (dataset card); repository README: CC BY-NC-SA 4.0",
    terms=("OpenAI terms of use (texts by GPT-4)", "per-object Creative Commons licences of Objaverse"),
    files=(
        Files(BRIEF),
        Files(COMPLEX),
        Files(GT, split="val"),
        Files(BRIEF, subset="brief_description"),
        Files(COMPLEX, subset="complex_instruction"),
    ),
    convert=partial(
        media_dialogue,
        slots=(Slot("object_id", "point_cloud", "_8192.npy"),),
        task="point_cloud_caption",
        task_key="conversation_type",
        tasks={
            "simple_description": "point_cloud_caption",
            "detailed_description": "description",
            "single_round": "point_cloud_qa",
            "multi_round": "conversation",
        },
        mention=False,
        refused=dict.fromkeys(("6760e543e1d645d5aaacd3803bcae524", "b91c0711149d460a8004f9c06d3b7f38"), CORRUPT),
    ),
    media=(MediaRule("objaverse", ("{ref}", "8192_npy/{ref}"), type="point_cloud"),),
    min_typed=0.9,
    survey_category="domain/pointcloud (specific/3D, self-instruct)",
    modalities=("text", "point_cloud"),
    picture_sources=("Objaverse (8192 coloured points an object)",),
    generator="Cap3D captions (brief), GPT-4 (complex)",
    size="660K brief descriptions, 70K complex instructions",
    size_source="README of the repository",
    obtain="Take the json files and the parts Objaverse_660K_8192_npy_split_a* from"
    " https://huggingface.co/datasets/RunsenXu/PointLLM; join and unpack the parts into 8192_npy/ (root 'objaverse').",
)
