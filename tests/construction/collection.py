"""A COCO-form folder written by a test."""

import json

import numpy as np
from PIL import Image

LABELS = ("person", "dog", "knife", "mouse", "umbrella", "cat", "bus")


def write(root, pictures, labels=LABELS):
    """``pictures``: id -> ((width, height), captions, [(label, [x, y, w, h], iscrowd)])."""
    (root / "images").mkdir(parents=True)
    ids = {label: i for i, label in enumerate(labels, 1)}
    images, captions, instances = [], [], []
    for picture, ((width, height), said, boxes) in pictures.items():
        down, across = np.mgrid[0:height, 0:width]
        pixels = np.stack([across * 100 // width, down * 200 // height, 40 + 0 * down], axis=2).astype(np.uint8)
        Image.fromarray(pixels).save(root / "images" / f"{picture}.jpg", quality=95)
        images.append({"id": picture, "file_name": f"{picture}.jpg", "width": width, "height": height})
        captions += [{"id": len(captions) + i, "image_id": picture, "caption": c} for i, c in enumerate(said)]
        instances += [
            {"id": 100 * picture + i, "image_id": picture, "category_id": ids[n], "bbox": b, "iscrowd": c}
            for i, (n, b, c) in enumerate(boxes)
        ]
    categories = [{"id": i, "name": name} for name, i in ids.items()]
    (root / "captions.json").write_text(json.dumps({"images": images, "annotations": captions}))
    (root / "instances.json").write_text(
        json.dumps({"images": images, "annotations": instances, "categories": categories})
    )
    return root
