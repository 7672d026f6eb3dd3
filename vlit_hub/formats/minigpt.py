"""Row formats of the files that the MiniGPT-4 project prepared: boxes as {<x1><y1><x2><y2>}, int(v / size * 100).

Follows Vision-CAIR/MiniGPT-4 @d94738a7626e minigpt4/datasets/datasets/{multitask_conversation,flickr,
unnatural_instruction}.py. The reader takes the turns of a dialogue by their position.
"""

from functools import partial

from vlit_hub.formats.captions import referring, region_captions
from vlit_hub.formats.inline_boxes import boxed_dialogue, boxed_reply
from vlit_hub.formats.instances import instruction_instances
from vlit_hub.spec import Converter

MULTITASK = partial(
    boxed_dialogue, dialect="percent", pictures=("{image}", "COCO_train2014_{id}.jpg"), by_position=True
)
"""{id, image?, conversations}."""
_FLICKR = partial(boxed_reply, dialect="percent", pictures=("{image_id}.jpg",))
UNNATURAL_META = ("input", "instruction", "reformulations")
OWN: dict[str, Converter] = {
    "multitask_conversation.json": MULTITASK,
    "groundedcaption.json": partial(_FLICKR, reply="{grounded_caption}", template="caption_grounded"),
    "captiontobbox.json": partial(_FLICKR, reply="{output}", template="ground_text"),
    "phrasetobbox.json": partial(_FLICKR, reply="<p>{phrase}</p> {bbox}", template="locate", task="referring"),
    "filtered_unnatural_instruction.json": partial(instruction_instances, meta_keys=UNNATURAL_META),
}
"""File name -> converter."""
REFER = partial(referring, image="{img_id:.27}.jpg", phrase="sents", meta_keys=("img_id",))
"""{img_id: COCO_train2014_<12 digits>_<k>, sents, bbox [x, y, w, h], width, height}."""
VG_REGIONS = partial(region_captions, image="{id}.jpg", meta_keys=("region_id", "image_id"))
"""Visual Genome's {id, regions: [{region_id, image_id, phrase, x, y, width, height}]}."""
