"""GRIT of Ferret (Ground-and-Refer Instruction-Tuning): dialogues whose regions stand in lists parallel to the turns.

Paper: https://arxiv.org/abs/2310.07704. Data: never released (apple/ml-ferret PR #1); the code's own file names.
Reader: apple/ml-ferret @3c9e5c93c2c3 ferret/train/train.py:655-1105, experiments/ferret_7b_train.sh (file list).
Its reader writes boxes on a 1000 x 1000 grid (dialect bin1000). Not the GRIT of KOSMOS-2 (grit-20m).
"""

from vlit_hub.formats.turn_boxes import turn_boxes
from vlit_hub.spec import DatasetSpec, Files, MediaRule

LLAVA = tuple(f"grounded_llava_boxes_{part}.json" for part in ("detail", "complex_reasoning", "conversation"))
PUBLIC = ("vg_objects", "vg_relations", "vg_regions", "refexp_all", "flickr", "objects365")
FOLDERS = (
    "train2014",
    "coco2014/train2014",
    "vg/images",
    "refcoco/train2014",
    "flickr30k/train",
    "objects365_v1/train",
)

SPEC = DatasetSpec(
    name="grit-ferret",
    title="GRIT (Ferret)",
    paper="Ferret: Refer and Ground Anything Anywhere at Any Granularity",
    arxiv="2310.07704",
    year=2023,
    homepage="https://github.com/apple/ml-ferret",
    licence="CC-BY-NC-4.0",
    licence_stated="CC BY NC 4.0 (repository README, data); GRIT itself not published",
    terms=("LLaMA, Vicuna and GPT-4 terms (README)",),
    files=(
        Files((("git_instruction.json", *LLAVA, *(f"{name}.json" for name in PUBLIC)),)),
        Files((("train_data_example.json",),), subset="ferret-ui-example"),
    ),
    convert=turn_boxes,
    media=(MediaRule("images", ("{ref}", "images/{ref}", *(f"{folder}/{{ref}}" for folder in FOLDERS))),),
    meta_keys=("id",),
    survey_category="specific/region",
    modalities=("image", "text", "box", "mask/free-form region"),
    picture_sources=("COCO 2014 train", "Visual Genome", "RefCOCO/+/g", "Flickr30k Entities", "Objects365 v1"),
    generator="templates over public annotations + ChatGPT/GPT-4 (34K dialogues, plus spatial negatives) + grounded"
    " LLaVA",
    size="~1.1M",
    size_source="paper",
    released="never",
    substitute="files that a user builds from the public sources in the schema of the training code, and Ferret-UI's"
    " example of the same schema (subset ferret-ui-example)",
    obtain="GRIT was never published. Build files of the names above in the schema of ml-ferret's ferret/train/train.py"
    " (image, image_h, image_w, conversations, box_x1y1x2y2, masks); pictures under the media root 'images'.",
)
