"""pmc-vqa: both headers; cells that look like null or numbers; letter and text that disagree."""

FILES = {
    "images/PMC1_F1.jpg": "30x20",
    "train.csv": (
        "Figure_path,Question,Answer,Choice A,Choice B,Choice C,Choice D,Answer_label\n"
        "PMC1_F1.jpg, What is shown? ,NA,A:None,B:NA,C:1,D:True,B\n"
        'PMC1_F1.jpg,"Which, exactly?",1,A:None,B:NA,C:1,D:True,B\n'
    ),
    "test_2.csv": (
        "index,Figure_path,Caption,Question,Choice A,Choice B,Choice C,Choice D,Answer,split\n"
        "0,PMC2_F2.jpg,A scan.,Which organ?, A: Liver , B:Lung, C: Heart, D: Brain,C,test\n"
    ),
}

_V1 = {
    "group": "PMC1_F1.jpg",
    "task": "multiple_choice",
    "media": [("image", "PMC1_F1.jpg", 30, 20)],
    "choices": ["None", "NA", "1", "True"],
    "meta": '{"Answer_label":"B"}',
}
_OPTIONS = "\nA. None\nB. NA\nC. 1\nD. True"
_TRAIN = [
    _V1
    | {
        "id": "train:0",
        "messages": [("user", ["<image 0>", f"What is shown?{_OPTIONS}"]), ("assistant", ["NA"])],
        "correct": 1,
    },
    _V1
    | {
        "id": "train:1",
        "messages": [("user", ["<image 0>", f"Which, exactly?{_OPTIONS}"]), ("assistant", ["1"])],
        "correct": 2,
    },
]
_TEST = [
    {
        "id": "test_2:0",
        "group": "PMC2_F2.jpg",
        "task": "multiple_choice",
        "messages": [
            ("user", ["<image 0>", "Which organ?\nA. Liver\nB. Lung\nC. Heart\nD. Brain"]),
            ("assistant", ["C"]),
        ],
        "media": [("image", "PMC2_F2.jpg", None, None, None, None, "A scan.")],
        "choices": ["Liver", "Lung", "Heart", "Brain"],
        "correct": 2,
        "meta": '{"index":"0","split":"test"}',
    }
]
EXPECTED = {"default": {"train": _TRAIN, "test": _TEST}, "v1": {"train": _TRAIN}, "v2": {"test": _TEST}}
