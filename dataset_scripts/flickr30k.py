"""Flickr30k: five sentences a picture.

Paper: https://aclanthology.org/Q14-1006. Data: https://shannon.cs.illinois.edu/DenotationGraph.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/
retrieval_datasets.py; dataset_flickr30k.json is Karpathy's.
"""

from vlit_hub.formats.captions import KARPATHY, KARPATHY_META
from vlit_hub.formats.lavis import CAPTIONS
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPLITS = {"train": "train", "validation": "val", "test": "test"}

SPEC = DatasetSpec(
    name="flickr30k",
    title="Flickr30k",
    paper="From image descriptions to visual denotations (TACL 2014)",
    year=2014,
    homepage="https://shannon.cs.illinois.edu/DenotationGraph",
    licence_stated="solely for non-commercial research and education; pictures under the Flickr terms of use",
    terms=("Flickr30k pictures on request only",),
    files=(
        *(
            Files((("**/dataset_flickr30k.json",),), split=split, rows="images", where=("split", name))
            for split, name in SPLITS.items()
        ),
        *(Files(((f"**/flickr30k_{name}.json",),), "lavis", split, convert=CAPTIONS) for split, name in SPLITS.items()),
    ),
    convert=KARPATHY,
    media=(MediaRule("flickr30k", ("{ref}", "{name}", "flickr30k-images/{name}", "images/{name}")),),
    meta_keys=("image_id", "sentences", *KARPATHY_META),
    min_typed=0.05,
    picture_sources=("Flickr",),
    generator="human",
    size="31,783 pictures, 158,915 captions",
    size_source="paper",
    download=("https://storage.googleapis.com/sfr-vision-language-research/datasets/flickr30k_{train,val,test}.json",),
    obtain="Ask for the pictures (media root 'flickr30k') by the form of its homepage; dataset_flickr30k.json is in"
    " Karpathy's caption_datasets.zip.",
    kind="base",
    scoring="caption",
)
