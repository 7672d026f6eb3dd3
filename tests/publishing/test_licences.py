"""What licences and terms allow, as a table says; nothing of a spec is overlooked."""

import re
from dataclasses import replace

import pytest

from vlit_hub import registry
from vlit_hub.ledger import RIGHTS, SOURCES
from vlit_hub.publishing.facts import Part
from vlit_hub.publishing.licences import (
    CONDITIONS,
    CONSEQUENCES,
    HUB_IDS,
    TERMS,
    MayNotPass,
    check_media,
    check_texts,
    consequence,
    mixture,
)
from vlit_hub.publishing.local_hub.card_rules import LICENCES


def part(name, **changes):
    return replace(Part.of(registry.get(name)), **changes)


ASK = {"a": "attribution", "sa": "share-alike", "nc": "non-commercial", "r": "research-only", "ai": "openai-terms",
       "own": "pictures-own-terms", "no": "no-redistribution-of-media", "?": "unknown", "nd": "no-derivatives",
       "cl": "no-clinical-use"}  # fmt: skip
MIXTURES = [  # datasets, what they ask together, texts, media, conflicts
    (("coco-captions", "vqav2", "visual-genome", "textcaps", "vizwiz"), "a own", "yes", "yes", 0),
    (("llava-instruct-150k", "svit", "textvqa"), "a ai own", "yes", "yes", 0),
    (("shikra-rd", "llava-instruct-150k", "pvit"), "a nc ai own no", "yes", "no", 0),
    (("mmc-instruction", "video-chatgpt", "scienceqa"), "a sa nc ai own no", "yes", "no", 2),
    (("coco-arc", "pf-1m", "llava-med"), "a sa nc r cl ai own no ?", "unknown", "no", 0),
]


@pytest.mark.parametrize(("names", "flags", "texts", "media", "conflicts"), MIXTURES)
def test_five_mixtures(names, flags, texts, media, conflicts):
    found = mixture(part(name) for name in names)
    assert set(found.flags) == {ASK[word] for word in flags.split()}
    assert (found.texts, found.media, len(found.conflicts)) == (texts, media, conflicts)
    assert [one.part for one in found.parts] == list(names)


def test_conflicts_are_named():
    found = mixture([part("mmc-instruction"), part("scienceqa"), part("pandagpt-vid")])
    assert [re.findall(r"\((CC[^)]*)\)", conflict) for conflict in found.conflicts] == [
        ["CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"], ["CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"],
    ]  # fmt: skip


SINGLE = [
    ({"licence": "CC0-1.0", "terms": ()}, "own", "yes", "yes"),
    ({"licence": "CC-BY-ND-4.0", "terms": ()}, "a nd own", "no", "no"),
    ({"licence": "CC-BY-NC-ND-4.0", "terms": ("OpenAI terms of use",)}, "a nc nd ai own", "no", "no"),
    ({"licence": "ODbL", "terms": ("pictures on request only",)}, "a sa no", "yes", "no"),
    ({"licence": "", "licence_stated": "not stated", "terms": ()}, "? own", "unknown", "unknown"),
    ({"licence": "", "licence_stated": "CC BY-NC-SA, version not said", "terms": ()}, "? sa nc own", "unknown",
     "unknown"),
    ({"licence": "MIT", "licence_stated": "MIT, research use only", "terms": ()}, "a r own", "yes", "yes"),
    ({"licence": "MIT", "terms": (), "picture_sources": ("LAION-5B",)}, "a no", "yes", "no"),
    ({"licence": "MIT", "terms": (), "picture_sources": (), "modalities": ("text",)}, "a", "yes", "yes"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "flags", "texts", "media"), SINGLE)
def test_one_dataset(changes, flags, texts, media):
    found = consequence(part("coco-captions", **changes))
    assert set(found.flags) == {ASK[word] for word in flags.split()}
    assert (found.texts, found.media) == (texts, media)
    for flag in found.flags:
        assert CONSEQUENCES[flag] in found.paragraph
    assert all(reason in found.paragraph for reason in found.kept_back)
    assert found.media != "no" or found.kept_back or texts == "no"


def test_nothing_of_a_spec_is_overlooked():
    for name in registry.names():
        spec = registry.get(name)
        assert not spec.licence or spec.licence in CONDITIONS, name
        for term in spec.terms:
            assert any(re.search(pattern, term.lower()) for pattern, _ in TERMS), (name, term)
        found = consequence(Part.of(spec))
        said = "".join(spec.terms) + spec.generator
        assert ("openai-terms" in found.flags) or not re.search("OpenAI", said), name
        assert spec.title in found.paragraph and spec.licence_stated in found.paragraph
        assert all(term in found.paragraph for term in spec.terms)
    assert RIGHTS.keys() == SOURCES.keys() and {flag for _, flag in TERMS} <= CONSEQUENCES.keys()
    assert HUB_IDS <= LICENCES
    assert {flag for flags in CONDITIONS.values() for flag in flags} <= CONSEQUENCES.keys()


def test_refusals_offer_a_way():
    nd = mixture([part("coco-captions", licence="CC-BY-ND-4.0")])
    unknown = mixture([part("detgpt")])
    free = mixture([part("coco-captions")])
    check_texts(free, private=False, rights_held=False)
    for whole, private in ((nd, False), (nd, True), (unknown, False)):
        with pytest.raises(MayNotPass, match="--rights-held"):
            check_texts(whole, private=private, rights_held=False)
        check_texts(whole, private=private, rights_held=True)
    with pytest.raises(MayNotPass, match="DetGPT.*--private"):
        check_texts(unknown, private=False, rights_held=False)
    check_texts(unknown, private=True, rights_held=False)
    with pytest.raises(MayNotPass, match="Shikra-RD: .*--references pushes texts and references"):
        check_media(mixture([part("shikra-rd"), part("coco-captions")]).parts)
    check_media(free.parts)
