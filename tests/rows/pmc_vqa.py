"""pmc-vqa: both headers; cells that look like null or numbers; letter and text that disagree."""

FILES = {
    "images/PMC1_F1.jpg": "30x20",
    "train.csv": (
        "Figure_path,Question,Answer,Choice A,Choice B,Choice C,Choice D,Answer_label\n"
        "PMC1_F1.jpg, What is shown? ,NA,A:None,B:NA,C:1,D:True,B\n"
        'PMC1_F1.jpg,"Which, exactly?",1,A:None,B:NA,C:1,D:True,B\n'
        "PMC1_F1.jpg,Which?,E: coli,A:E: coli,B:Same,C:Same,D:Other,A\n"
        "PMC1_F1.jpg,Which?,Same,A:E: coli,B:Same,C:Same,D:Other,C\n"
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
    _V1
    | {
        "id": "train:2",
        "messages": [
            ("user", ["<image 0>", "Which?\nA. E: coli\nB. Same\nC. Same\nD. Other"]),
            ("assistant", ["E: coli"]),
        ],
        "choices": ["E: coli", "Same", "Same", "Other"],
        "correct": 0,
        "meta": '{"Answer_label":"A"}',
    },
    _V1
    | {
        "id": "train:3",
        "messages": [
            ("user", ["<image 0>", "Which?\nA. E: coli\nB. Same\nC. Same\nD. Other"]),
            ("assistant", ["Same"]),
        ],
        "choices": ["E: coli", "Same", "Same", "Other"],
        "correct": 1,
        "meta": '{"Answer_label":"C"}',
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
