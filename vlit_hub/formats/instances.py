"""Text-only instructions with their instances in a list (Unnatural Instructions)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Message, Part, Sample
from vlit_hub.spec import BadRecord, Context


def instruction_instances(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    items: str = "instances",
    question: str = "instruction_with_input",
    constraints: str = "constraints",
    answer: str = "output",
    item_keys: Iterable[str] = ("input",),
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample | BadRecord]:
    """One Sample per instance; constraints, where they are told, follow the question after a space."""
    children = record.get(items)
    if not isinstance(children, list) or not children:
        raise BadRecord(items, f"expected a list of instances, found {children!r:.40}")
    for i, child in enumerate(children):
        try:
            if not isinstance(child, Mapping):
                raise BadRecord("", f"expected an object, found {child!r:.40}")
            asked = text_field(child, question)
            if child.get(constraints) is not None:
                asked = f"{asked} {text_field(child, constraints)}"
            said = text_field(child, answer)
            facts = {key: record[key] for key in meta_keys if key in record}
            facts |= {key: child[key] for key in item_keys if key in child}
            yield Sample(
                messages=[Message("user", [Part(text=asked)]), Message("assistant", [Part(text=said)])],
                task="instruction_following",
                meta=meta_json(facts, facts),
            )
        except BadRecord as fault:
            yield BadRecord(f"{items}[{i}].{fault.field}".rstrip("."), fault.reason)
