"""VisDial: ten rounds of questions and answers about a picture, with a hundred candidates each.

Paper: https://arxiv.org/abs/1611.08669. Data: https://visualdialog.org/data.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/visdial_dialogue_datasets.py.
"""

from functools import partial

from vlit_hub.formats.visual_dialog import visual_dialog
from vlit_hub.spec import DatasetSpec, Files, MediaRule, Table

PLACES: tuple[str, ...] = ("{ref}", "train2014/COCO_train2014_{ref}", "val2014/COCO_val2014_{ref}")
PLACES += tuple(f"VisualDialog_{name}/VisualDialog_{name}_{{ref}}" for name in ("train2018", "val2018", "test2018"))

SPEC = DatasetSpec(
    name="visdial",
    title="VisDial v1.0",
    paper="Visual Dialog",
    arxiv="1611.08669",
    year=2017,
    homepage="https://visualdialog.org",
    licence="CC-BY-4.0",
    licence_stated="annotations CC BY 4.0 (visualdialog.org)",
    files=tuple(
        Files(((f"**/visdial_1.0_{name}.json",),), split=split, rows="data.dialogs")
        for name, split in {"train": "train", "val": "validation", "test": "test"}.items()
    ),
    tables={name: Table(rows=f"data.{name}") for name in ("questions", "answers")},
    convert=partial(visual_dialog, image="{image_id:012d}.jpg"),
    media=(MediaRule("images", PLACES),),
    meta_keys=("dialog",),
    min_typed=0.01,
    picture_sources=("COCO 2014 (train)", "Flickr, COCO-like (val, test)"),
    generator="human",
    obtain="Take visdial_1.0_*.json and the pictures from https://visualdialog.org/data; train pictures are COCO 2014.",
    kind="base",
)
