"""Claims read out of answers, and their verdicts, on sentences whose truth is plain to a reader."""

import pytest

from tests.curation.made import sample
from vlit_hub.curation import annotations
from vlit_hub.curation.claim import PLACES, Claim
from vlit_hub.curation.facts import WORD, Annotation, Facts, words_of
from vlit_hub.curation.indicator import chosen
from vlit_hub.curation.relations import stands
from vlit_hub.curation.verdicts import verdicts
from vlit_hub.demo.scenes import COLOURS, SHAPES
from vlit_hub.lexicon import Name, lexicon
from vlit_hub.schema import Blob, Media, Region

LABELS = frozenset("person dog cat car bicycle couch bird bus cup orange bear".split()) | {"dining table", "teddy bear"}
KNOWN = Annotation(
    counts={"person": 3, "dog": 2, "couch": 1, "bicycle": 1},
    present=frozenset({"person", "dog", "couch", "bicycle", "car"}),
    labels=LABELS,
    boxes={"couch": ((0.0, 0.7, 0.3, 1.0),)},
)
CASES = [
    ("Is there a dog?", "Yes.", "dog right"),
    ("Is there a cat?", "Yes, there is.", "cat wrong"),
    ("Is there a cat?", "No, there is none.", "no cat right"),
    ("Is there a dog?", "No.", "no dog wrong"),
    ("Is there a black dog?", "No.", "no dog unknown"),
    ("Is the dog asleep?", "No.", ""),
    ("Can you see any kittens in the photo?", "Certainly, I can.", "kitten wrong"),
    ("Is there a cat or a bird?", "No.", "no cat right, no bird right"),
    ("Are there three dogs?", "Yes.", "3 x dog wrong"),
    ("Are there three dogs?", "No.", "no 3 x dog right"),
    ("How many dogs are there?", "Three.", "3 x dog wrong"),
    ("How many people are in the image?", "I count three.", "3 x person right"),
    ("How many birds are there?", "None.", "no bird right"),
    ("How many dogs are lying down?", "One.", "1 x dog unknown"),
    ("How many cars are there?", "Two.", "2 x car unknown"),
    ("Describe.", "There are two dogs and a cat on the sofa.", "2 x dog right, cat wrong, sofa right"),
    ("Describe.", "I do not see any cats, but there are two puppies.", "no cat right, 2 x puppy right"),
    ("Describe.", "A dog is not in the picture.", "no dog wrong"),
    ("Describe.", "Neither cats nor buses are shown.", "no cat right, no bus right"),
    ("Describe.", "It might be a cat. If there were a bus, he would take it.", ""),
    ("Describe.", "There are several dogs and four people.", "dog right, 4 x person wrong"),
    ("Describe.", "Two small dogs lie there; at least two people watch.", "2 x dog right, person right"),
    ("Describe.", "One small dog lies there.", "dog right"),
    ("Describe.", "The number of people is four.", "4 x person wrong"),
    ("Describe.", "A man in an orange shirt rides his bike past a bus stop.", "man right, bike right"),
    ("Describe.", "A teddy bear, and oranges.", "teddy bear wrong, orange wrong"),
    ("Where is it?", "The couch is in the bottom left corner.", "couch right, couch at bottom left right"),
    ("Where is the couch?", "Top right.", "couch at top right wrong"),
    ("What is the cat doing?", "There is no cat; what it does show is a dog.", "no cat right, dog right"),
    ("Is it a dog?", "No, the red box marks a person, not a dog.", "person right"),
    ("Describe.", "Is there a cat? A dog sleeps.", "dog right"),
    ("Describe.", "There are four people present near the wall.", "4 x person wrong"),
    ("Describe.", "There are two people present near the wall.", "2 x person unknown"),
]
APART = Annotation(
    counts={"dog": 1, "cat": 1, "couch": 1, "person": 2, "cup": 1},
    present=frozenset({"dog", "cat", "couch", "person", "cup", "car"}),
    labels=LABELS,
    boxes={
        "dog": ((0.0, 0.5, 0.2, 0.9),),
        "cat": ((0.5, 0.1, 0.6, 0.3),),
        "couch": ((0.15, 0.4, 0.95, 1.0),),
        "person": ((0.6, 0.0, 0.7, 0.5), (0.8, 0.0, 0.9, 0.5)),
        "cup": ((0.3, 0.6, 0.4, 0.7),),
        "car": ((0.9, 0.1, 1.0, 0.2),),
    },
)
TOLD = [
    ("Where is it?", "The dog is to the left of the cat.", "dog left of cat right"),
    ("Where is it?", "The dog is to the right of the cat.", "dog right of cat wrong"),
    ("Where is it?", "The dog is not to the right of the small brown cat.", "no dog right of cat right"),
    ("Where is it?", "The dog isn't left of the cat.", "no dog left of cat wrong"),
    ("Where is it?", "A cat sits just above the sofa.", "cat above sofa right"),
    ("Where is it?", "Underneath the cat there is a dog; inside the sofa stands a cup.",
     "dog below cat right, cup inside sofa right"),
    ("Where is it?", "The cat is inside the couch.", "cat inside couch wrong"),
    ("Where is it?", "The cat is lower in the picture than the dog.", "cat below dog wrong"),
    ("Is the dog to the left of the cat?", "No.", "no dog left of cat wrong"),
    ("Is the cat higher in the picture than the dog?", "Yes, it is.", "cat above dog right"),
    ("Is the dog left of the cat?", "No, it is the other way round: the dog is right of the cat.",
     "no dog left of cat wrong, dog right of cat wrong"),
    ("Is a cat there?", "Yes, it is above the dog.", ""),
    # what two boxes do not settle, or more than two
    ("Where is it?", "The dog is to the left of the sofa; the cup is above the couch.",
     "dog left of sofa right, cup above couch unknown"),
    ("Where is it?", "The dog is left of the man, and the cat is below the car.",
     "dog left of man unknown, cat below car unknown"),
    ("Where is it?", "The dog is left of the bus, not of the animal.", "dog left of bus unknown"),
    # nothing told of the two
    ("Where is it?", "The dog is to the left of the cat's owner. The dog looks left, a cat is above.", ""),
    ("Where is it?", "The dog might be right of the cat, or the cup right of the cat.", ""),
    ("Where is it?", "Dogs are right of the cat. There is no dog right of the cat.", ""),
    ("Where is it?", "The dog with a cup to the right of the cat.", ""),
    ("Where is it?", "The dog is right of the door of the cat.", ""),
]  # fmt: skip
SENSES = [
    ("A bird bath, a cup holder and bus lanes beside a bear statue.", ""),
    ("The cat flap is open; an orange wall, orange and blue tiles, an orange, ripe and round.", "orange wrong"),
    ("It has a very human quality, and each individual window is lit.", ""),
    ("A baby elephant and its baby came by bus.", ""),
    ("An elephant calf follows, taken from a bus; a toy car, a stuffed cat.", ""),
    ("The cat sits, a bird flies off, a bus drives by.", "cat wrong, bird wrong, bus wrong"),
    ("A cat asleep on a bus nearby, its cup broken.", "cat wrong, bus wrong, cup wrong"),
    ('A sign that reads "bus and cat" says cats are not wanted.', ""),
    ('A cup is titled "bird".', "cup wrong"),
    ("Such feeders attract birds, cats and bears, and help a person to relax.", ""),
    ("It is a good place for birds.", ""),
    ("Cats are highly social animals, birds often come in flocks.", ""),
    ("Cats are lying on the floor.", "cat wrong"),
    ("The garden can support a cat, birds and a bear.", ""),
    ("A cat can be seen; one can also see birds.", "cat wrong, bird wrong"),
    ("There are no cats near the dog, and no bird on a bus.", "no cat right, no bird right"),
    ("No cat holding a cup is visible.", "no cat right"),
    ("No cats, birds or buses are in the picture.", "no cat right, no bird right, no bus right"),
    ("The bench was empty without cats in front of the dog.", "no cat right"),
    ("Three year old dogs play.", "dog right"),
]


@pytest.mark.parametrize(("question", "answer", "expected"), CASES)
def test_verdicts(question, answer, expected):
    found = [f"{v.claim} {v.verdict}" for v in verdicts(question, answer, KNOWN)]
    assert found == (expected.split(", ") if expected else [])


@pytest.mark.parametrize(("question", "answer", "expected"), TOLD)
def test_how_two_things_stand(question, answer, expected):
    found = [f"{v.claim} {v.verdict}" for v in verdicts(question, answer, APART) if v.claim.kind == "relation"]
    assert ", ".join(found) == expected


def test_boxes_that_overlap_settle_little():
    left, right = (0.1, 0.1, 0.5, 0.5), (0.3, 0.1, 0.7, 0.5)
    assert stands("left", left, right) is True and stands("right", left, right) is None
    assert stands("left", left, (0.12, 0.1, 0.55, 0.5)) is None  # centres are too close
    assert stands("left", left, (0.05, 0.1, 0.9, 0.5)) is None  # one spans the other
    assert stands("above", left, (0.1, 0.5, 0.5, 0.9)) is True and stands("below", left, (0.1, 0.5, 0.5, 0.9)) is False
    assert [stands("inside", left, (x, 0.1, x + 0.4, 0.5)) for x in (0.1, 0.3, 0.47)] == [True, None, False]


@pytest.mark.parametrize(("answer", "expected"), SENSES)
def test_names_of_no_thing_in_the_picture(answer, expected):
    assert ", ".join(f"{v.claim} {v.verdict}" for v in verdicts("Describe.", answer, KNOWN)) == expected


def test_people_whom_a_question_supposes():
    empty = Annotation({}, frozenset(), LABELS)
    for question, wrong in (("What could the person of this room like?", 0), ("What does the person do?", 1)):
        assert len(verdicts(question, "The person reads.", empty)) == wrong
    (found,) = verdicts("What might the cat do?", "The cat sleeps.", empty)
    assert found.verdict == "wrong"


def test_what_a_caption_may_speak_of_is_not_called_absent():
    known = Annotation({}, frozenset(), LABELS, ("A kitten on a mat.",))
    assert [v.verdict for v in verdicts("x", "A cat and a bus.", known)] == ["unknown", "wrong"]


def test_only_labels_of_a_closed_list_are_absent():
    known = Annotation({}, frozenset({"dog"}), frozenset())
    assert [v.verdict for v in verdicts("Is there a dog?", "Yes.", known)] == ["right"]
    assert verdicts("Is there a cat?", "Yes.", known) == []


SCENE = Annotation(
    counts={"red circle": 2, "blue ring": 1},
    present=frozenset({"red circle", "blue ring"}),
    labels=frozenset(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES),
    boxes={"red circle": ((0, 0, 0.2, 0.2), (0.4, 0.4, 0.6, 0.6)), "blue ring": ((0.8, 0.8, 1, 1),)},
)


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("How many objects are there?", "three", "3 x object right"),
        ("How many discs are there?", "three", "3 x disc wrong"),
        ("Is there a crimson disc?", "yes", "crimson disc right"),
        ("Is there a red object?", "no", "no red object wrong"),
        ("Is there a red ring?", "no", "no red ring right"),
        ("What colour is the object at centre?", "blue", "blue at centre wrong"),
        ("What shape is the object at bottom right?", "ring", "ring at bottom right right"),
        ("x", "two objects: top left red circle.", "2 x object wrong, red circle right, red circle at top left right"),
    ],
)
def test_scenes(question, answer, expected):
    assert ", ".join(f"{v.claim} {v.verdict}" for v in verdicts(question, answer, SCENE)) == expected


def test_the_indicator_counts_by_hand():
    (made,) = chosen(["claims"])
    assert made.run(Facts(sample("Is there a dog?", "Yes."))) == {}
    turns = ("Is there a dog?", "Yes.", "How many dogs?", "Three.", "Describe.", "A cat and three people.")
    found = made.run(Facts(sample(*turns), KNOWN))
    assert (found["claims"], found["claims_wrong"], found["claims_right"]) == (4, 2, 0.5)
    assert (found["object_precision"], found["object_recall"]) == (2 / 3, 2 / 5)
    assert (found["yes_no_right"], found["count_right"], found["other_picture"]) == (1, 0.5, True)


def test_sources():
    known = annotations.Table(by_name={"000000000790": KNOWN})
    picture = {"images": [Blob(b"x")], "media": [Media("image", 0, "train/COCO_train2014_000000000790_1.jpg")]}
    assert known.of(sample("Q", "A", **picture)) is KNOWN
    assert known.of(sample("Q", "A", images=[Blob(b"x"), Blob(b"y")])) is None
    by_content = annotations.Table(by_content={annotations.hash64(b"x"): SCENE})
    assert by_content.of(sample("Q", "A", images=[Blob(b"x")])) is SCENE
    assert known.fingerprint != by_content.fingerprint
    with pytest.raises(ValueError, match="write KIND:FOLDER with one of coco, regions, complete"):
        annotations.source("vg")


def test_regions_of_built_samples(tmp_path):
    from tests.curation.made import write

    media = [Media("image", 0, "a.png", 10, 10)]
    region = Region(box=[0, 0, 0.5, 0.5], label="Dog")
    shards = write(tmp_path, [sample("Q", "A", images=[Blob(PNG)], media=media, regions=[region], group="a")])
    some, every = annotations.built(shards), annotations.built(shards, complete=True)
    one = sample("Q", "A", images=[Blob(PNG)])
    assert some.of(one) == Annotation({}, frozenset({"dog"}), frozenset(), (), {"dog": ((0, 0, 0.5, 0.5),)})
    assert every.of(one).counts == {"dog": 1} and every.of(one).labels == {"dog"}


def test_vocabulary_is_checked():
    with pytest.raises(ValueError, match="'colour' is not one of: exists"):
        Claim("colour", "dog", Name(frozenset()))
    assert len(PLACES) == 9 and lexicon(LABELS).find(["two", "teddy", "bears"], 1).length == 2


def _png():
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (10, 10)).save(out, "png")
    return out.getvalue()


PNG = _png()


def test_what_hyphens_join_is_one_word():
    assert verdicts("Describe.", "A well-dog stands there, a while-dog too.", KNOWN) == []
    said = [str(v.claim) for v in verdicts("Describe.", "Only one cat - two people -", KNOWN)]
    assert said == ["1 x cat", "person"]


@pytest.mark.parametrize(
    "text", ["", "It's  a well-lit  room.", "A 'dog' - or 3.5 dogs, 1,000-fold", "naïve Dogs-", "a\nb\tc"]
)
def test_words_are_those_of_the_pattern(text):
    assert words_of(text) == WORD.findall(text.lower())
