"""M-HalDetect: InstructBLIP's descriptions of COCO pictures, whose stretches people labelled right or wrong.

Paper: https://arxiv.org/abs/2308.06394. Data: https://github.com/hendryx-scale/mhal-detect.
Reader: none was released; hendryx-scale/mhal-detect @6ef75f54 README.md gives start, end, text and label.
"""

from vlit_hub.formats.feedback import labelled_response
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="m-haldetec",
    title="M-HalDetect (survey: M-HalDetec)",
    paper="Detecting and Preventing Hallucinations in Large Vision Language Models (AAAI 2024)",
    arxiv="2308.06394",
    year=2023,
    homepage="https://github.com/hendryx-scale/mhal-detect",
    licence="CC-BY-NC-4.0",
    licence_stated="annotations CC BY-NC 4.0 (LICENSE.md); COCO images: Flickr terms",
    terms=("COCO/Flickr terms (pictures)",),
    files=(
        Files((("train_raw.json",),)),
        Files((("val_raw.json",),), split="validation"),
    ),
    convert=labelled_response,
    media=(MediaRule("coco", ("{ref}", "val2014/{ref}", "images/{ref}", "coco/val2014/{ref}")),),
    min_typed=0.9,
    survey_category="general/annotation (hallucination feedback, human)",
    picture_sources=("COCO val2014",),
    generator="InstructBLIP responses, human (Scale AI) span labels",
    size="16k fine-grained annotated image-prompt-response pairs over ~4k images (3k val)",
    size_source="paper/README",
    download=("https://raw.githubusercontent.com/hendryx-scale/mhal-detect/HEAD/{train,val}_raw.json",),
    obtain="Take train_raw.json and val_raw.json from https://github.com/hendryx-scale/mhal-detect and COCO val2014"
    " (media root 'coco') from https://cocodataset.org.",
)
