"""SparklesDialogue-VG: GPT-4 dialogues that compare two to four Visual Genome pictures.

Paper: https://arxiv.org/abs/2308.16463. Data: https://github.com/HYPJUDY/Sparkles#data-sparklesdialogue.
Reader: that of sparkles-cc, whose rows these are; only the pictures' ids are integers here.
"""

from dataclasses import replace

from vlit_hub.dataset_scripts.sparkles_cc import SPEC as CC

from vlit_hub.spec import Files

SPEC = replace(
    CC,
    name="sparkles-vg",
    title="SparklesDialogue-VG",
    files=(
        Files((("SparklesDialogueVG.json",), ("SparklesDialogueVG_turn*img.json",))),
        Files((("SparklesDialogueVG_turn*img.json",),), subset="turns"),
    ),
    picture_sources=("Visual Genome (captions of SVIT)",),
    size="2,000 dialogues, 7,000 images",
    size_source="README#data-sparklesdialogue",
    obtain="Take annotations/SparklesDialogueVG.json and images/ (media root 'images') from the OneDrive link in"
    " https://github.com/HYPJUDY/Sparkles#data-sparklesdialogue.",
)
