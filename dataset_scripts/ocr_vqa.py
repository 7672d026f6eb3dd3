"""OCR-VQA: questions about the covers of books, answered from title, author and genre.

Paper: https://ocr-vqa.github.io (ICDAR 2019). Data: https://ocr-vqa.github.io.
Reader: salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/ocr_datasets.py;
Vision-CAIR/MiniGPT-4 @d94738a7626e ocrvqa_dataset.py.
"""

from vlit_hub.formats.lavis import OCR_META, OCRVQA
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPLITS = {"train": 1, "validation": 2, "test": 3}

SPEC = DatasetSpec(
    name="ocr-vqa",
    title="OCR-VQA-200K",
    paper="OCR-VQA: Visual Question Answering by Reading Text in Images",
    year=2019,
    homepage="https://ocr-vqa.github.io",
    licence_stated="none stated (page and README of OCR-VQA/OCR-VQA.github.io)",
    files=(
        *(
            Files((("**/dataset.json",),), split=split, container="dict", where=("split", number))
            for split, number in SPLITS.items()
        ),
        Files((("**/ocrvqa.json",),), "lavis"),
        Files((("**/downloaded_dataset.json",),), "downloaded"),
    ),
    convert=OCRVQA,
    media=(MediaRule("covers", ("{ref}", "images/{ref}", "{stem}.png", "images/{stem}.png", "images/{stem}.gif")),),
    meta_keys=OCR_META,
    min_typed=0.3,
    picture_sources=("book covers (Amazon)",),
    generator="templates over metadata",
    size="207,572 covers, over 1M questions",
    size_source="https://ocr-vqa.github.io",
    download=("https://storage.googleapis.com/sfr-xinstructblip-data-research/data/ocrvqa/ocrvqa.json",),
    obtain="Take dataset.json and loadDataset.py (which fetches the covers) by the link on https://ocr-vqa.github.io.",
    kind="base",
    scoring="exact",
)
