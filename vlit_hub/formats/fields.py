"""Small readers of native fields that name the field in their error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

import msgspec

from vlit_hub.spec import BadRecord

LARGEST = 1e15
"""Numbers of a record stay below, whole ones are exact as floats."""
_LEAVES = {str, int, bool, type(None)}
_encode = msgspec.json.Encoder(order="deterministic").encode


def text_field(record: Mapping[str, Any], key: str) -> str:
    """The text under ``key``; BadRecord where it is absent or no text."""
    value = record.get(key)
    if not isinstance(value, str):
        raise BadRecord(key, "absent" if key not in record else f"expected text, found {value!r:.40}")
    return value


def is_number(value: Any) -> bool:
    """Whether a native value is a finite number (no bool, no integer of hundreds of digits)."""
    return type(value) in (int, float) and abs(value) < LARGEST


def meta_json(record: Mapping[str, Any], keys: Iterable[str]) -> str:
    """The native values under ``keys`` as one JSON object; '' where none of them is there."""
    found = {key: record[key] for key in keys if key in record}
    if not found:
        return ""
    try:
        text = _encode(found)
        if b"null" in text:
            _refuse_not_finite(found)
        return text.decode()
    except UnicodeEncodeError:
        raise BadRecord(", ".join(found), "a text is not UTF-8, or holds half of a surrogate pair") from None
    except RecursionError:
        raise BadRecord(", ".join(found), "nested too deeply") from None


def _refuse_not_finite(found: dict[str, Any]) -> None:
    """JSON has no NaN: it would become null without a word."""
    nested: list[Any] = [found]
    for inner in nested:
        for value in inner.values() if isinstance(inner, dict) else inner:
            if type(value) in _LEAVES:
                continue
            if isinstance(value, float):
                if not isfinite(value):
                    key = next(key for key in found if _holds(found[key], value))
                    raise BadRecord(key, f"{value} is no number")
            elif value and isinstance(value, (dict, list)):
                nested.append(value)


def _holds(value: Any, one: float) -> bool:
    if isinstance(value, (dict, list)):
        return any(_holds(x, one) for x in (value.values() if isinstance(value, dict) else value))
    return value is one
