"""SparklesDialogue-CC: GPT-4 dialogues that compare one to four captioned web pictures.

Paper: https://arxiv.org/abs/2308.16463. Data: https://github.com/HYPJUDY/Sparkles#data-sparklesdialogue.
Reader: HYPJUDY/Sparkles @7c0c1def5b9a multimodal_dialogue_dataset.py:66-80, dataset/generate_SparklesDialogue.py:14-57,
241-312. The turn files say the dialogues again, one supervised answer each: they are read in their place, not beside.
"""

from vlit_hub.formats.named_images import named_images
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="sparkles-cc",
    title="SparklesDialogue-CC",
    paper="Sparkles: Unlocking Chats Across Multiple Images for Multimodal Instruction-Following Models",
    arxiv="2308.16463",
    year=2023,
    homepage="https://github.com/HYPJUDY/Sparkles",
    licence_stated="code BSD-3-Clause; data subject to OpenAI terms (README)",
    terms=("OpenAI terms of use (texts by GPT-4)", "pictures are not relicensed"),
    files=(
        Files((("SparklesDialogueCC.json",), ("SparklesDialogueCC_turn*img.json",))),
        Files((("SparklesDialogueCC_turn*img.json",),), subset="turns"),
    ),
    convert=named_images,
    media=(MediaRule("images", ("images/{ref}", "{ref}")),),
    meta_keys=("raw",),
    min_typed=0.9,
    survey_category="general/self-instruct",
    modalities=("image", "text"),
    picture_sources=("CC3M (MiniGPT-4 cc_sbu_align)",),
    generator="GPT-4 (whole dialogues incl. image mentions)",
    size="4,521 dialogues, 12,979 image mentions, 3,373 unique images",
    size_source="README#data-sparklesdialogue",
    obtain="Take annotations/SparklesDialogueCC.json and images/ (media root 'images') from the OneDrive link in"
    " https://github.com/HYPJUDY/Sparkles#data-sparklesdialogue.",
)
