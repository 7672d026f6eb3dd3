"""Whether a name stands for a thing of the picture, by the words around it: it does not in "dog bed", "human touch", "a
novel idea", "by bus", "its baby", "a toy car", "the view from a boat"."""

from __future__ import annotations

FOLLOWERS = frozenset(
    "the a an of in on at by for with without from to into onto toward towards through across along over under above "
    "below beneath underneath behind beside besides between among around near next against inside outside within atop "
    "off up down out past before after during until since about like than as per via plus except including "
    "and or but nor yet so if when while where who whom whose which that what because although though "
    "this these those it its he his she her they their them you your we our i my one ones "
    "is are was were be been being has have had do does did can could may might must shall should will would isn aren "
    "wasn weren doesn don t s ll re ve d "
    "not no never also too only just even still already again often always perhaps maybe rather quite very more most "
    "less least here there nearby together alone apart away back forward ahead inside outside indoors outdoors "
    "upside overhead higher lower further farther alike instead else today now then anywhere somewhere everywhere "
    "nowhere right left "
    "asleep awake present visible available ready full empty open close clear ideal such other some any each every all "
    "both either neither several many few two three four five six seven eight nine ten "
    "sat stood lay ran held wore rode ate drank drove flew took gave made came went saw found left got met fell led "
    "kept hung caught threw built cut put set let hit shown seen taken given worn driven broken eaten hidden drawn "
    "thrown written known grown gone done held hung made kept left lit laid caught built sold bought parked".split()
)
"""What may follow a noun that stands for itself; besides, words that end as participles, adverbs and verbs do."""
_VERBS = frozenset(
    "is was has does sits stands holds wears walks looks rides seems appears plays works runs lies rests hangs watches "
    "eats drinks reads talks faces uses leans moves leads needs wants takes gives makes gets goes comes floats flies "
    "drives stops travels shows adds features contains waits passes indicates suggests serves provides creates "
    "completes fills occupies dominates stretches covers blends matches consists includes depicts displays remains "
    "rises extends carries pulls turns crosses approaches lands rolls belongs requires ends begins reflects casts "
    "brings enhances attracts catches emerges spans".split()
)
_SEVERAL = frozenset(
    "tracks tires cushions flowers lights slices wheels racks legs pieces hats doors windows seats shelves drivers "
    "owners parts products toppings components species resorts".split()
)
"""Nouns in the plural, not verbs."""
_TAILS = frozenset("colored coloured shaped sized themed flavored flavoured inspired racing".split())
ADJECTIVES = frozenset("human individual novel orange remote mobile adult baby infant".split())
"""Names that are adjectives as well: before any noun they only say which."""
_RESTING = frozenset("sitting lying resting hanging growing placed peeled sliced halved cut being".split())
"""What an orange does, of the verbs that may as well stand before what is orange."""
OTHER_KINDS = {
    "bed": "dog cat pet flower garden river truck rose seed raised sea lake road",
    "bowl": "toilet fish",
    "player": "mp3 cd dvd record music media cassette tape video vhs ray audio",
    "car": "cable rail railway railroad subway street tram dining box passenger freight train sleeping",
    "bat": "fruit vampire",
    "bear": "gummy water",
    "bird": "big early",
    "horse": "rocking sea saw clothes",
    "boat": "gravy sauce",
    "book": "comic check",
    "keyboard": "piano musical",
    "chair": "committee",
    "sink": "carbon heat",
    "coach": "football baseball soccer tennis basketball team head assistant swimming",
    "ball": "meat cotton crystal disco",
    "glass": "stained magnifying looking broken of",
    "table": "water",
    "fork": "pitch",
    "mouse": "mickey field",
    "dog": "prairie",
    "ram": "battering",
    "clock": "biological body",
    "tie": "railroad zip cable bolo",
    "jet": "water gas",
    "apple": "adam",
    "train": "bridal",
}
"""Name -> words that before it make it another thing."""
_OTHERS = {name: frozenset(words.split()) for name, words in OTHER_KINDS.items()}
UNREAL = frozenset(
    "toy stuffed fake miniature model cartoon lego inflatable imaginary virtual fictional mythical animated "
    "papier origami".split()
)
"""Before a name: what is shown is no such thing, or may not be counted as one."""
_YOUNG = frozenset("baby babies infant infants child kid kids young".split())
_VIEWS = frozenset(
    "view views window seen taken shot photo picture image photograph perspective looking overlooking".split()
)
_ARTICLES = frozenset("a an the".split())
_NOT_NOUNS_AFTER = frozenset("to they we by via".split())


def elsewhere(words: list[str], at: int, stop: int, several: bool, joined: bool, living: bool, named: bool) -> bool:
    """Whether the name ``words[at:stop]`` is of no thing in the picture. ``several``: it is in the plural; ``joined``:
    only a space stands before the next word; ``living``: its thing does of itself what verbs say; ``named``: the next
    word is a name ("cake donuts")."""
    before, last = words[at - 1] if at else "", words[stop - 1]
    if before in _NOT_NOUNS_AFTER or before in UNREAL or (last in _OTHERS and before in _OTHERS[last]):
        return True
    if last in _YOUNG and before in ("its", "their"):
        return True
    if before in _ARTICLES and at > 1 and words[at - 2] == "from" and not _VIEWS.isdisjoint(words[: at - 2]):
        return True
    if several or not joined:
        return False
    following = words[stop]
    if following in FOLLOWERS:
        return last in ADJECTIVES and following in ("and", "or") and _two(words[stop + 1 : stop + 3])
    if last == "orange" and following.endswith(("ing", "ed")):
        return following not in _RESTING
    return (named and not living) or _noun(following, living and last not in ADJECTIVES)


def _two(words: list[str]) -> bool:
    """Whether behind "and" the adjective goes on: "novel and fun nature"."""
    return len(words) == 2 and all(word not in FOLLOWERS and not word.isdigit() for word in words)


def _noun(word: str, living: bool) -> bool:
    """Whether a word behind a singular name is a noun that the name only tells apart."""
    if word.isdigit():
        return False
    if word in _SEVERAL or word in _TAILS:
        return True
    if word.endswith("s") and not word.endswith("ss"):
        return not living and word not in _VERBS
    return not word.endswith(("ing", "ed", "ly"))
