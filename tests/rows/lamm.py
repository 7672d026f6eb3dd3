"""lamm: a picture, a point cloud, a box, keys absent, an author's absolute path, merged files."""

import json


def _record(asked: str, said: str, **keys: object) -> dict:
    return {**keys, "conversations": [{"from": "human", "value": asked}, {"from": "gpt", "value": said}]}


_KITCHEN = _record(
    "How is it furnished?", "Whitely.", id="19028", image="coco_images/19028.jpg", task_type="conversation",
    src_image="coco2017",
)  # fmt: skip
_DETECTED = _record("<image>\nFind the cup.", "cup [0.1, 0.2, 0.5, 0.625]", image="coco_images/19028.jpg")
_SOFA = _record(
    "What is it?", "A sofa.", pcl="shapenet_pcls/04256520_cb_4096.npy", task_type="classification3d",
    src_dataset="ShapeNet", src_id="04256520_cb",
)  # fmt: skip
FILES = {
    "2D_Instruct/coco_images/19028.jpg": "64x48",
    "3D_Instruct/shapenet_pcls/04256520_cb_4096.npy": "5x6",
    "2D_Instruct/meta_file/daily_dialogue_49k.json": json.dumps([_KITCHEN, {**_KITCHEN, "image": "/mnt/author/a.jpg"}]),
    "2D_Instruct/meta_file/vision_task_dialogue_46k.json": json.dumps([_DETECTED]),
    "2D_Instruct/meta_file/LAMM_instruct_186k.json": json.dumps([_KITCHEN, _DETECTED]),
    "3D_Instruct/meta_file/LAMM_3dinstruct_10k.json": json.dumps([_SOFA, _record("Hi", "Hello", pcl=["a.npy", None])]),
}
_FOLDER = "2D_Instruct/meta_file"
_PICTURE = ("image", "coco_images/19028.jpg", 64, 48)
_DAILY = {
    "id": f"{_FOLDER}/daily_dialogue_49k:0",
    "group": "coco_images/19028.jpg",
    "task": "conversation",
    "messages": [("user", ["<image 0>", "How is it furnished?"]), ("assistant", ["Whitely."])],
    "media": [_PICTURE],
    "meta": '{"id":"19028","src_image":"coco2017","task_type":"conversation"}',
}
_TASK = {
    "id": f"{_FOLDER}/vision_task_dialogue_46k:0",
    "group": "coco_images/19028.jpg",
    "task": "other",
    "messages": [("user", ["<image 0>", "Find the cup."]), ("assistant", ["cup ", ("", [0])])],
    "media": [_PICTURE],
    "regions": [("box", "norm", [0.1, 0.2, 0.5, 0.625])],
}
_CLOUD = {
    "id": "3D_Instruct/meta_file/LAMM_3dinstruct_10k:0",
    "group": "shapenet_pcls/04256520_cb_4096.npy",
    "task": "point_cloud_qa",
    "messages": [("user", ["<point_cloud 0>", "What is it?"]), ("assistant", ["A sofa."])],
    "media": [("point_cloud", "shapenet_pcls/04256520_cb_4096.npy", None, None)],
    "meta": '{"src_dataset":"ShapeNet","src_id":"04256520_cb","task_type":"classification3d"}',
}
_OUT = (f"{_FOLDER}/daily_dialogue_49k.json", 1, "image")
_NAMELESS = ("3D_Instruct/meta_file/LAMM_3dinstruct_10k.json", 1, "pcl[1]")

EXPECTED = {
    "default": {"train": [_DAILY, _TASK, _CLOUD]},
    "vision_task_dialogue_46k": {"train": [_TASK]},
    "3d": {"train": [_CLOUD]},
}
BAD = {"default": {"train": [_OUT, _NAMELESS]}, "3d": {"train": [_NAMELESS]}}
