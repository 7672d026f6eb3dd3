"""An independent reader of constructed dialogues: finds every claim in the English and holds it against the raw COCO
JSON. It shares no code and no word list with vlit_hub.construction; a sentence that it cannot read is an error."""

import json
import re
from itertools import product

import numpy as np
from PIL import Image

UP_TO_TWENTY = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty"""
NUMBER = {word: value for value, word in enumerate(UP_TO_TWENTY.split())}
PLURAL = {"person": "people", "knife": "knives", "sheep": "sheep", "bus": "buses", "bench": "benches",
          "toothbrush": "toothbrushes", "couch": "couches", "sandwich": "sandwiches", "wine glass": "wine glasses",
          "tv": "TVs", "skis": "pairs of skis", "scissors": "pairs of scissors", "broccoli": "pieces of broccoli",
          "mouse": "computer mice"}  # fmt: skip
SINGULAR = {"tv": "TV", "skis": "pair of skis", "scissors": "pair of scissors", "broccoli": "piece of broccoli",
            "mouse": "computer mouse"}  # fmt: skip
SPEAKS_OF = {"person": ("man", "men", "woman", "women", "boy", "girl"), "bicycle": ("bike",), "airplane": ("plane",)}

NOUNS = {"man": "person", "woman": "person", "boy": "person", "guy": "person", "duck": "bird", "goose": "bird",
         "poodle": "dog", "stove": "oven", "ox": "cow", "laptop computer": "laptop"}  # fmt: skip
SAID = {
    "standing": "standing stands", "sitting": "sitting sits seated", "lying down": "laying lying lies lays",
    "walking": "walking walks", "running": "running runs", "jumping": "jumping jumps",
    "sleeping": "sleeping sleeps asleep", "eating": "eating eats", "reading": "reading reads",
    "riding": "riding rides", "flying": "flying flies",
    "swimming": "swimming swims", "grey": "grey gray",
}  # fmt: skip
STATES = (*SAID, *"black white red green blue yellow brown orange pink purple open closed empty full young old wet dry "
          "clean dirty surfing skiing".split())  # fmt: skip
NO_PHOTOGRAPH_TELLS = ("Who bought", "How many grams", "In which year", "What is the name", "What did", "How many days")


def inside(box, width, height):
    x, y, w, h = box
    left, top = max(x, 0), max(y, 0)
    return [left, top, min(x + w, width) - left, min(y + h, height) - top]


class Annotations:
    """Raw COCO JSON as plain look-ups; boxes stay [x, y, w, h], what lies over the border is cut off."""

    def __init__(self, captions_file, instances_file):
        instances = json.loads(instances_file.read_text())
        self.names = {row["id"]: row["name"] for row in instances["categories"]}
        self.size = {row["id"]: (row["width"], row["height"]) for row in instances["images"]}
        self.file = {row["id"]: row["file_name"] for row in instances["images"]}
        self.captions = {}
        for row in json.loads(captions_file.read_text())["annotations"]:
            self.captions.setdefault(row["image_id"], []).append(" ".join(row["caption"].split()))
        self.rows = {identity: [] for identity in self.size}
        for row in instances["annotations"]:
            if row["category_id"] in self.names and row["image_id"] in self.rows:
                box = inside(row["bbox"], *self.size[row["image_id"]])
                self.rows[row["image_id"]].append((self.names[row["category_id"]], box, row["iscrowd"]))
        self.of_noun = {}
        for name in self.names.values():
            self.of_noun[SINGULAR.get(name, name)] = name
            self.of_noun[PLURAL.get(name, name + "s")] = name

    def instances(self, picture, label):
        return [box for name, box, crowd in self.rows[picture] if name == label and not crowd]

    def crowd(self, picture, label):
        return any(name == label and crowd for name, _, crowd in self.rows[picture])


class Reader:
    """Checks one dialogue; ``seen`` collects the kinds of claims found, ``marked`` the candidate boxes of a region."""

    def __init__(self, annotations, picture, marked=()):
        self.a, self.picture, self.marked, self.seen = annotations, picture, list(marked), []

    # -- single facts, each by brute force --

    def has_count(self, label, count):
        self.seen.append("count")
        return not self.a.crowd(self.picture, label) and len(self.a.instances(self.picture, label)) == count

    def has(self, label):
        return any(name == label for name, _, _ in self.a.rows[self.picture])

    def surely_absent(self, label):
        self.seen.append("absent")
        words = set(re.findall("[a-z]+", " ".join(self.a.captions.get(self.picture, [])).lower()))
        hints = {label, PLURAL.get(label, label + "s"), *SPEAKS_OF.get(label, ())}
        return not self.has(label) and not words & hints

    def related(self, first, how, second):
        self.seen.append("relation")
        boxes = [self.a.instances(self.picture, label) for label in (first, second)]
        assert [len(b) for b in boxes] == [1, 1], (first, second)
        (x, y, w, h), (u, v, s, t) = boxes[0][0], boxes[1][0]
        return {
            "to the left of": x + w <= u,
            "to the right of": x >= u + s,
            "higher in the picture than": y + h <= v,
            "lower in the picture than": y >= v + t,
        }[how]

    def marks(self, label):
        self.seen.append("marked")
        self.marked = [(name, box) for name, box in self.marked if name == label]
        return bool(self.marked)

    def close(self, phrase):
        self.seen.append("near")
        width, height = self.a.size[self.picture]
        label, several = self.noun(phrase)
        for _, (x, y, w, h) in self.marked:
            near = [
                (u, v, s, t)
                for u, v, s, t in self.a.instances(self.picture, label)
                if [u, v, s, t] != [x, y, w, h]
                and max(u - x - w, x - u - s, v - y - h, y - v - t) <= 0.05 * max(width, height)
            ]
            if len(near) > 1 if several else len(near) == 1:
                return True
        return False

    # -- English --

    def noun(self, phrase):
        """(label, is plural) of "a dog", "dogs", "dog"."""
        bare = re.sub(r"^(an?|the) ", "", phrase)
        label = self.a.of_noun[bare]
        return label, bare != SINGULAR.get(label, label)

    def items(self, text):
        return [item for chunk in text.split(", ") for item in chunk.split(" and ")]

    def thing(self, item):
        if item.startswith("a group of "):
            self.seen.append("group")
            return self.a.crowd(self.picture, self.noun(item.removeprefix("a group of "))[0])
        number, noun = item.split(" ", 1)
        return self.has_count(self.noun(noun)[0], NUMBER[number])

    def relation(self, text):
        found = re.fullmatch(r"the (.+) is (to the left of|to the right of|higher in the picture than|"
                             r"lower in the picture than) the (.+)", text)  # fmt: skip
        return found and self.related(self.noun(found[1])[0], found[2], self.noun(found[3])[0])

    def place(self, text):
        self.seen.append("place")
        width, height = self.a.size[self.picture]
        for _, (x, y, w, h) in self.marked:
            # rows and columns of the centre; COCO's rounding lets a clipped border move it by less than a pixel
            for dx, dy in product((-1, 0, 1), repeat=2):
                column = ("left", "middle", "right")[min(int((x + w / 2 + dx) / width * 3), 2)]
                row = ("top", "middle", "bottom")[min(int((y + h / 2 + dy) / height * 3), 2)]
                if text == ("centre" if row == column == "middle" else f"{row} {column}"):
                    return True
        return False

    def size(self, percent):
        self.seen.append("size")
        width, height = self.a.size[self.picture]
        return any(abs(100 * w * h / (width * height) - percent) <= 0.51 for _, (_, _, w, h) in self.marked)

    def largest(self, label):
        self.seen.append("largest")
        return max((w * h, name) for name, (_, _, w, h), _ in self.a.rows[self.picture])[1] == label

    def claim(self, text):
        """Whether a clause is true; raises where no rule reads it."""
        text = text[:1].lower() + text[1:]
        rules = (
            (r"(?:the picture shows|i count|there (?:is|are)|the image shows|what it does show is) "
             r"(?!no )(.+?)(?: in the picture)?(?: too)?", lambda m: all([self.thing(i) for i in self.items(m[1])])),
            (r"(?:there is no|i cannot see any) (.+?) in the (?:picture|image)(?:, so this cannot be answered)?",
             lambda m: self.surely_absent(self.noun(m[1])[0])),
            (r"the most numerous objects are the (.+)", lambda m: self.most(self.noun(m[1])[0])),
            (r"the largest object, measured by the box around it, is (an? .+)",
             lambda m: self.largest(self.noun(m[1])[0])),
            (r"it is not (\w+) but (\w+)", lambda m: m[1] != m[2]),
            (r"(?:the red rectangle marks|the marked object is) (an? [^,]+)(?:, not (an? .+))?",
             lambda m: self.marks(self.noun(m[1])[0]) and (not m[2] or self.noun(m[2])[0] != self.noun(m[1])[0])),
            (r"(?:it is|the centre of the .+ lies) in the (.+) of the (?:picture|image)", lambda m: self.place(m[1])),
            (r"the box around it covers about (\d+) percent of the picture", lambda m: self.size(int(m[1]))),
            (r"close to it one can see (.+)", lambda m: all([self.close(i) for i in self.items(m[1])])),
            (r"it is the only (.+) in the picture", lambda m: self.has_count(self.noun(m[1])[0], 1)),
            (r"(the .+ is .+ the .+)", lambda m: self.relation(m[1])),
            (r"the (.+) is (?!not )([a-z ]+), not ([a-z ]+)", lambda m: self.state(m[1], m[2], m[3])),
            (r"the (.+) is not ([a-z ]+) but ([a-z ]+)", lambda m: self.state(m[1], m[3], m[2])),
            (r"the (.+) is (?!not )([a-z ]+)", lambda m: self.state(m[1], m[2])),
            (r"it shows (an? .+), (?:but no photograph says that|and nothing that would tell)",
             lambda m: self.seen.append("unanswerable") or self.has(self.noun(m[1])[0])),
        )  # fmt: skip
        for pattern, judge in rules:
            if match := re.fullmatch(pattern, text):
                verdict = judge(match)
                if verdict is not None:
                    return verdict
        raise AssertionError(f"no rule reads: {text!r}")

    def state(self, noun, value, wrong=None):
        """A person says so of the one thing of its kind, and nobody speaks of what it is not."""
        self.seen.append("action" if value.endswith(("ing", "down")) else "attribute")
        label = NOUNS.get(noun) or self.a.of_noun[noun]
        said = [caption.lower() for caption in self.a.captions[self.picture]]
        words = [set(re.findall("[a-z]+", text)) for text in said if noun in text]
        told = any(found & set(SAID.get(value, value).split()) for found in words)
        alone = len(self.a.instances(self.picture, label)) == 1 and not self.a.crowd(self.picture, label)
        return told and alone and (wrong is None or self.not_so(wrong, value))

    def not_so(self, wrong, value):
        words = set(re.findall("[a-z]+", " ".join(self.a.captions[self.picture]).lower()))
        return wrong != value and not words & set(SAID.get(wrong, wrong).split())

    def most(self, label):
        self.seen.append("most")
        counts = {name: 0 for name, _, _ in self.a.rows[self.picture]}
        for name, _, _ in self.a.rows[self.picture]:
            counts[name] += 1
        return all(counts[label] > count for name, count in counts.items() if name != label)

    def premise(self, question):
        """True or false for a yes/no question, None for any other."""
        rules = (
            (r"(?:Is there|Can you see|Does the image show) (an? .+?)(?: in the picture| anywhere in the image)?",
             lambda m: self.has(self.noun(m[1])[0])),
            (r"Are there any (.+) here", lambda m: self.has(self.noun(m[1])[0])),
            (r"There (?:is|are) (.+) in the picture, right", lambda m: self.thing(m[1])),
            (r"I think I see (.+)\. Is that correct", lambda m: self.thing(m[1])),
            (r"(?:Is|Would you say that) (the .+?)(?: is)? (to the \w+ of|\w+ in the picture than) (the .+)",
             lambda m: self.relation(f"{m[1]} is {m[2]} {m[3]}")),
            (r"(?:Is|Would you say that) the (\w+(?: computer| sign| meter)?)(?: is)? ((?:" + "|".join(STATES) + r"))",
             lambda m: self.state(m[1], m[2])),
            (r"Is it the only (.+) in the picture", lambda m: self.has_count(self.noun(m[1])[0], 1)),
            (r"(?:Is the object in the red rectangle|Does the red box mark) (an? .+)",
             lambda m: self.noun(m[1])[0] in {name for name, _ in self.marked}),
            (r"Is there (an? .+) in the red rectangle", lambda m: self.noun(m[1])[0] in {n for n, _ in self.marked}),
        )  # fmt: skip
        question = re.sub(r" Answer .*", "", question).rstrip("?. ")
        for pattern, judge in reversed(rules):
            if match := re.fullmatch(pattern, question):
                return judge(match)
        return None

    def check(self, question, answer):
        """Assert that the answer is true, and that its yes or no fits the question."""
        polarity = re.match(r"(Yes|No)\b[,.]?\s*", answer)
        if polarity:
            assert self.premise(question) == (polarity[1] == "Yes"), (question, answer)
            answer = answer[polarity.end() :]
        asked = re.fullmatch(r"(?:How many|Give the number of) (.+?)(?: are there)?[?.] Answer with .*", question)
        if asked:
            assert self.has_count(self.noun(asked[1])[0], int(answer)), (question, answer)
            return
        if "Answer" in question and "red" in question:
            assert self.marks(self.noun(answer)[0]), (question, answer)
            return
        rest = answer
        for caption in sorted(self.a.captions.get(self.picture, []), key=len, reverse=True):
            body = caption.rstrip(" .")
            rest = rest.replace(body[:1].upper() + body[1:] + ".", "")
        rest = rest.replace("In other words:", "").replace("I cannot tell, because there", "There")
        rest = rest.replace("that is not right. ", "").replace("it is the other way round: ", "")
        rest = rest.replace("that is right: ", "").replace("The question takes that for granted: ", "")
        for telling in ("The picture does not tell. ", "That cannot be known from the image: "):
            assert telling not in rest or question.startswith(NO_PHOTOGRAPH_TELLS), (question, answer)
            rest = rest.replace(telling, "")
        for clause in re.split(r"[.:]\s*", rest.strip()):
            if clause.strip():
                assert self.claim(clause.strip()) is True, (self.picture, question, answer, clause)


def marked_boxes(annotations, picture, original, painted):
    """The annotated (label, box) pairs whose frame is what changed between the two pictures."""
    with Image.open(original) as a, Image.open(painted) as b:
        assert a.size == b.size
        change = np.abs(np.asarray(a.convert("RGB"), int) - np.asarray(b.convert("RGB"), int)).max(axis=2)
    rows, columns = np.nonzero(change > 60)
    found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    width, height = annotations.size[picture]
    return [
        (label, box)
        for label, box, crowd in annotations.rows[picture]
        if not crowd
        and np.abs(np.clip([box[0], box[1], box[0] + box[2], box[1] + box[3]], 0, [width, height] * 2) - found).max()
        < 4
    ]
