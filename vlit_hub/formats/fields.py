"""Small readers of native fields that name the field in their error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from vlit_hub.spec import BadRecord

_encode = msgspec.json.Encoder(order="deterministic").encode


def text_field(record: Mapping[str, Any], key: str) -> str:
    """The text under ``key``; BadRecord where it is absent or no text."""
    value = record.get(key)
    if not isinstance(value, str):
        raise BadRecord(key, "absent" if key not in record else f"expected text, found {value!r:.40}")
    return value


def meta_json(record: Mapping[str, Any], keys: Iterable[str]) -> str:
    """The native values under ``keys`` as one JSON object; '' where none of them is there."""
    found = {key: record[key] for key in keys if key in record}
    return _encode(found).decode() if found else ""
