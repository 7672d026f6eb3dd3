"""TextBind: multi-turn dialogues with pictures anywhere in both roles, GPT-4 from CC3M captions.

Paper: https://arxiv.org/abs/2309.08637. Data: https://github.com/SihengLi99/TextBind#31-data-preparation.
Reader: SihengLi99/TextBind @c6254f1bcf7f data/process_mim.py:92-121, data_utils.py:134-300. A picture in an answer is
to be generated from its caption. The raw form before process_mim.py is not read.
"""

from functools import partial

from vlit_hub.formats.interleaved import per_turn_images
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="textbind",
    title="TextBind",
    paper="TextBind: Multi-turn Interleaved Multimodal Instruction-following in the Wild",
    arxiv="2309.08637",
    year=2023,
    homepage="https://github.com/SihengLi99/TextBind",
    licence="CC-BY-NC-4.0",
    licence_stated="CC BY NC 4.0 (README)",
    terms=("OpenAI terms of use (texts by GPT-4)", "CC3M pictures by URL"),
    files=(Files((("train.json",),)),),
    convert=partial(per_turn_images, meta_keys=("image_dir",)),
    media=(MediaRule("images", ("{ref}", "images/{ref}", "mim_images/{ref}")),),
    meta_keys=("image_dir", "media"),
    min_typed=0.8,
    survey_category="general/self-instruct",
    modalities=("image", "text"),
    picture_sources=("CC3M",),
    generator="GPT-4 from the pictures' captions",
    size="25,629 conversations",
    size_source="paper (recalled)",
    obtain="Take train.json from the Google Drive folder linked at https://github.com/SihengLi99/TextBind#31-data-preparation;"
    " the pictures must be fetched from its url_list and named by its image_list (media root 'images').",
)
