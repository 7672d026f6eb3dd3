"""TextCaps: captions that need the text in the picture.

Paper: https://arxiv.org/abs/2003.12462. Data: https://textvqa.org/textcaps/dataset.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/textcaps_datasets.py.
"""

from vlit_hub.formats.lavis import TEXTCAPS, TEXTCAPS_META
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="textcaps",
    title="TextCaps",
    paper="TextCaps: a Dataset for Image Captioning with Reading Comprehension",
    arxiv="2003.12462",
    year=2020,
    homepage="https://textvqa.org/textcaps",
    licence="CC-BY-4.0",
    licence_stated="CC BY 4.0 (textvqa.org)",
    files=(
        Files((("**/TextCaps_0.1_train.json",),), rows="data"),
        Files((("**/TextCaps_0.1_val.json",),), split="validation", rows="data"),
    ),
    convert=TEXTCAPS,
    media=(
        MediaRule("openimages", ("{ref}", "train_images/{ref}", "train_val_images/train_images/{ref}", "images/{ref}")),
    ),
    meta_keys=TEXTCAPS_META,
    min_typed=0.1,
    picture_sources=("OpenImages v3",),
    generator="human",
    size="145k captions on 28k pictures",
    size_source="paper",
    download=("https://dl.fbaipublicfiles.com/textvqa/data/textcaps/TextCaps_0.1_{train,val}.json",),
    obtain="Take TextCaps_0.1_*.json and train_val_images.zip from https://textvqa.org/textcaps/dataset.",
    kind="base",
    scoring="caption",
)
