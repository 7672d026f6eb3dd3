"""What licences and terms allow: of one dataset, and of a mixture.

No legal advice, and nothing is concluded that is not written: the licences' own conditions (Creative Commons deeds,
SPDX texts), the terms that the specs quote, and the rights in the picture sources (ledger.RIGHTS).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vlit_hub.ledger import RIGHTS, sources_of

if TYPE_CHECKING:
    from vlit_hub.publishing.facts import Part

Pass = Literal["yes", "no", "unknown"]

CONSEQUENCES: dict[str, str] = {
    "attribution": "name the authors and keep the licence's notice",
    "share-alike": "what is made from it is shared under the same licence",
    "no-derivatives": "nothing that was changed may be shared, and a converted dataset is changed",
    "non-commercial": "no commercial use",
    "research-only": "research use only",
    "no-clinical-use": "no clinical use",
    "openai-terms": "texts made by OpenAI's models may not be used to develop models that compete with OpenAI",
    "pictures-own-terms": "pictures and other media stay under the terms of their sources",
    "no-redistribution-of-media": "its media may not be passed on: texts and references only",
    "unknown": "no licence is stated, so nobody is known to have permitted copies",
}
"""Closed vocabulary -> what it means."""

PERMISSIVE = frozenset(
    "Apache-2.0 MIT BSD-2-Clause BSD-3-Clause CC0-1.0 ODC-BY CC-BY-3.0 CC-BY-4.0 MS-PL CDLA-Permissive-2.0".split()
)
CONDITIONS: dict[str, tuple[str, ...]] = {
    **{name: ("attribution",) for name in PERMISSIVE - {"CC0-1.0"}},
    "CC0-1.0": (),
    "MS-PL": ("attribution", "share-alike"),
    "ODbL": ("attribution", "share-alike"),
    "GPL-3.0": ("attribution", "share-alike"),
    **{
        f"CC-BY-{kind}-{version}": (
            "attribution",
            *(("non-commercial",) if "NC" in kind else ()),
            *(("share-alike",) if "SA" in kind else ()),
            *(("no-derivatives",) if "ND" in kind else ()),
        )
        for kind in ("SA", "NC", "ND", "NC-SA", "NC-ND")
        for version in ("3.0", "4.0")
    },
}
"""SPDX id -> consequences."""

TERMS: tuple[tuple[str, str], ...] = (
    (r"openai|gpt|chatgpt", "openai-terms"),
    (r"by-nc|non-commercial", "non-commercial"),
    (r"by-sa|-sa\b", "share-alike"),
    (r"research[ -](use[ -])?only|research only|research licence|research use", "research-only"),
    (r"clinical", "no-clinical-use"),
    (r"on request only|registration|acceptance|agreement|fetched by hand|withdrawn|research licence|by url|"
     r"from the web urls|unknown rights|terms unclear|statista|youtube|jukinmedia|vcr and sbu|not relicensed",
     "no-redistribution-of-media"),
    (r"terms of (their|each|the|the 21) (source|picture)|each source|each constituent|own terms|own licen[cs]es|"
     r"under (their|the) own|licen[cs]es of their|per-object|pmc open access|coco|visual genome|vggss|vgg-ss|charades|"
     r"cc3m|aishell|sdxl|inherits|odc-by|llama, vicuna|objects365|click-through|not stated|no licence",
     "pictures-own-terms"),
)  # fmt: skip
"""Words of a term -> consequence. A term may match several; a test holds that every spec's terms match one."""

HUB_IDS = frozenset(
    "apache-2.0 mit bsd-2-clause bsd-3-clause cc0-1.0 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-3.0"
    " cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 odc-by odbl gpl-3.0"
    " ms-pl cdla-permissive-2.0".split()
)
"""Identifiers that the Hub knows: lower-case SPDX, as far as a spec states one of them."""


@dataclass(frozen=True)
class Consequence:
    """What one dataset binds those to who publish it or train on it. ``flags``: of CONSEQUENCES, in their order.

    ``texts``, ``media``: whether they may be passed on; ``kept_back``: why the media may not.
    """

    part: str
    title: str
    flags: tuple[str, ...]
    texts: Pass
    media: Pass
    kept_back: tuple[str, ...]
    paragraph: str


@dataclass(frozen=True)
class Mixture:
    """Of several datasets together: every condition of a part binds the whole. ``conflicts``: what no licence of the
    whole could satisfy."""

    parts: tuple[Consequence, ...]
    flags: tuple[str, ...]
    texts: Pass
    media: Pass
    conflicts: tuple[str, ...]


def consequence(part: Part) -> Consequence:
    """Of one dataset, from its licence, the words about it, its terms and the sources of its pictures."""
    flags = set(CONDITIONS.get(part.licence, ()))
    words = [*part.terms]
    if not part.licence:
        flags.add("unknown")
        words.append(part.licence_stated)  # a condition named there is taken, though the licence is not clear
    else:
        words += re.findall(r"research[^,;()]*only[^,;()]*|research use only", part.licence_stated)
    kept_back = [f"{name}: {RIGHTS[name][1]}" for name in sources_of(part) if RIGHTS[name][0] == "no"]
    for term in words:
        for pattern, flag in TERMS:
            if re.search(pattern, term.lower()):
                flags.add(flag)
                if flag == "no-redistribution-of-media" and term not in kept_back:
                    kept_back.append(term)
    if kept_back:
        flags.add("no-redistribution-of-media")
    elif part.picture_sources and part.modalities != ("text",):
        flags.add("pictures-own-terms")
    found = tuple(flag for flag in CONSEQUENCES if flag in flags)
    texts: Pass = "no" if "no-derivatives" in flags else "unknown" if "unknown" in flags else "yes"
    media: Pass = "no" if kept_back else texts
    reasons = tuple(dict.fromkeys(kept_back))
    return Consequence(part.name, part.title, found, texts, media, reasons, _paragraph(part, found, texts, reasons))


def mixture(parts: Iterable[Part]) -> Mixture:
    """Of datasets together."""
    parts = tuple(parts)
    each = tuple(consequence(part) for part in parts)
    licences = {part.title: part.licence for part in parts}
    flags = tuple(flag for flag in CONSEQUENCES if any(flag in one.flags for one in each))
    return Mixture(
        each, flags, _least(one.texts for one in each), _least(one.media for one in each), _conflicts(licences)
    )


def _least(passes: Iterable[Pass]) -> Pass:
    found = set(passes)
    return "no" if "no" in found else "unknown" if "unknown" in found else "yes"


def _conflicts(licences: dict[str, str]) -> tuple[str, ...]:
    """Pairs of share-alike licences that differ: an adaptation of both can be under neither."""
    alike = {name: spdx for name, spdx in licences.items() if "share-alike" in CONDITIONS.get(spdx, ())}
    found = []
    for name, spdx in alike.items():
        for other, second in alike.items():
            if name < other and spdx != second:
                found.append(
                    f"{name} ({spdx}) and {other} ({second}) are each shared alike: side by side they may stand in one"
                    " collection, but what adapts both can be shared under neither licence"
                )
    return tuple(found)


def _paragraph(part: Part, flags: Sequence[str], texts: Pass, kept_back: Sequence[str]) -> str:
    """One paragraph for people."""
    licence = f"under {part.licence}" if part.licence else f"without a clear licence (stated: {part.licence_stated})"
    says = [f"{part.title} is {licence}."]
    if part.licence and part.licence_stated:
        says.append(f"Stated: {part.licence_stated}.")
    if part.terms:
        says.append(f"Beside it: {'; '.join(part.terms)}.")
    if flags:
        says.append("So: " + "; ".join(CONSEQUENCES[flag] for flag in flags) + ".")
    if texts == "unknown":
        says.append("Ask its authors before copies are passed on; a private copy is for oneself.")
    if kept_back:
        says.append(f"Media stay behind because of: {'; '.join(kept_back)}.")
    return " ".join(says)


def hub_licence(parts: Sequence[Part]) -> dict[str, str]:
    """``license`` of a card's metadata, with ``license_name`` where it is ``other``.

    A Hub id only where every part states that same licence; nothing is concluded from differing ones.
    """
    stated = {part.licence.lower() for part in parts}
    if len(stated) == 1 and (licence := stated.pop()) in HUB_IDS:
        return {"license": licence}
    if len(parts) == 1:
        return {"license": "other", "license_name": slug(parts[0].licence or f"{parts[0].name}-as-stated")}
    return {"license": "other", "license_name": "licences-of-the-parts"}


def slug(text: str) -> str:
    """Lower-case words joined by hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


class MayNotPass(ValueError):
    """Something would be published that nobody is known to have permitted."""


def check_texts(whole: Mixture, *, private: bool, rights_held: bool) -> None:
    """Raise MayNotPass where texts may not be published: never changed texts of a no-derivatives licence, in public
    none without a licence. ``rights_held``: whoever publishes says that they hold the rights."""
    if rights_held:
        return
    if bad := [part for part in whole.parts if part.texts == "no"]:
        raise MayNotPass(
            f"{_titles(bad)}: the licence lets nobody share what was changed, and shards are. What may be passed on are"
            " the commands that build them; --rights-held pushes all the same, for those who hold the rights"
        )
    if (bad := [part for part in whole.parts if part.texts == "unknown"]) and not private:
        raise MayNotPass(
            f"{_titles(bad)}: no licence is known, so nobody is known to have permitted public copies. --private pushes"
            " to a private repository; --rights-held in public, for those who hold the rights"
        )


def check_media(parts: Iterable[Consequence]) -> None:
    """Raise MayNotPass for the datasets whose media are there and may not be passed on."""
    if bad := [part for part in parts if part.media == "no"]:
        why = "; ".join(dict.fromkeys(reason for part in bad for reason in part.kept_back))
        raise MayNotPass(
            f"{_titles(bad)}: their media may not be passed on ({why}). --references pushes texts and references"
            " (media.ref) and leaves the media here; --rights-held pushes all, for those who hold the rights"
        )


def _titles(parts: Iterable[Consequence]) -> str:
    return ", ".join(part.title for part in parts)
