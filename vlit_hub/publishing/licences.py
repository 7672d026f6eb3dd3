"""Licences as the Hub's metadata writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vlit_hub.publishing.facts import Part

HUB_IDS = frozenset(
    "apache-2.0 mit bsd-2-clause bsd-3-clause cc0-1.0 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-3.0"
    " cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-4.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 odc-by odbl gpl-3.0 ms-pl".split()
)
"""Identifiers that the Hub knows: lower-case SPDX, as far as a spec states one of them."""


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
