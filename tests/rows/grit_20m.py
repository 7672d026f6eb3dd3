"""grit-20m: overlapping and equal spans, floats, empty lists, a span out of the caption, a row that is short."""

from vlit_hub.formats.templates import draw

_FILE = "grit-20m/coyo_0_snappy.parquet"
_ROW = {
    "key": "000120007",
    "clip_similarity_vitb32": 0.25,
    "clip_similarity_vitl14": 0.5,
    "id": 1001,
    "url": "https://example.org/two-dogs.jpg",
    "caption": "two dogs on a red sofa",
    "width": 200,
    "height": 100,
    "noun_chunks": [
        [0.0, 8.0, 0.25, 0.5, 0.5, 1.0, 0.75],
        [0.0, 8.0, 0.5, 0.5, 0.75, 1.0, 0.625],
        [12.0, 22.0, 0.0, 0.25, 1.0, 1.0, 0.5],
    ],
    "ref_exps": [[0.0, 22.0, 0.25, 0.5, 0.5, 1.0, 0.75]],
}
_PLAIN = _ROW | {"key": "000120008", "id": 1002, "url": "https://example.org/b.jpg", "noun_chunks": [], "ref_exps": []}
_FAR = _ROW | {
    "key": "000120009",
    "id": 1003,
    "url": "https://example.org/c.jpg",
    "noun_chunks": [[12.0, 32.0, 0.0, 0.25, 1.0, 1.0, 0.5]],
    "ref_exps": None,
}
_SHORT = _ROW | {"key": "000120010", "noun_chunks": [[0.0, 8.0, 0.25, 0.5]]}

FILES = {
    "00012/000120007.jpg": "200x100",
    _FILE: [_ROW, _PLAIN, _FAR, _SHORT],
}

_MEDIA = [("image", "https://example.org/two-dogs.jpg", 200, 100)]
_META = '{"clip_similarity_vitb32":0.25,"clip_similarity_vitl14":0.5,"id":%d}'

EXPECTED = {
    "default": {
        "train": [
            {
                "id": "000120007",
                "group": "https://example.org/two-dogs.jpg",
                "task": "grounded_caption",
                "messages": [
                    ("user", ["<image 0>", draw("caption_grounded", f"{_FILE}:0")]),
                    ("assistant", [("two dogs on a red sofa", [3])]),
                ],
                "media": _MEDIA,
                "regions": [
                    ("box", "norm", [0.25, 0.5, 0.5, 1.0], [], "", None, None, "", 0.75),
                    ("box", "norm", [0.5, 0.5, 0.75, 1.0], [], "", None, None, "", 0.625),
                    ("box", "norm", [0.0, 0.25, 1.0, 1.0], [], "", None, None, "", 0.5),
                    ("box", "norm", [0.25, 0.5, 0.5, 1.0], [], "", None, None, "", 0.75),
                ],
                "spans": [("grounding", 1, 0, 8, "", [0, 1]), ("grounding", 1, 12, 22, "", [2])],
                "meta": _META % 1001,
            },
            {
                "id": "000120008",
                "group": "https://example.org/b.jpg",
                "task": "grounded_caption",
                "messages": [
                    ("user", ["<image 0>", draw("caption_grounded", f"{_FILE}:1")]),
                    ("assistant", ["two dogs on a red sofa"]),
                ],
                "media": [("image", "https://example.org/b.jpg", 200, 100)],
                "meta": _META % 1002,
            },
            {
                "id": "000120009",
                "group": "https://example.org/c.jpg",
                "task": "grounded_caption",
                "messages": [
                    ("user", ["<image 0>", draw("caption_grounded", f"{_FILE}:2")]),
                    ("assistant", ["two dogs on a red sofa"]),
                ],
                "media": [("image", "https://example.org/c.jpg", 200, 100)],
                "regions": [("box", "norm", [0.0, 0.25, 1.0, 1.0], [], "", None, None, "", 0.5)],
                "meta": _META % 1003,
            },
        ]
    }
}
BAD = {"default": {"train": [(_FILE, 3, "noun_chunks[0]")]}}
