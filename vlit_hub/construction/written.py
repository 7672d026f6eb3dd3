"""Generation by a model: asked for one dialogue at a time, checked, asked again with the reason, else quarantined."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from vlit_hub.construction import prompts
from vlit_hub.construction.asked import Asked, Written
from vlit_hub.construction.cache import Reply
from vlit_hub.construction.control import Claims, Unusable, checked, faults, parsed, rating
from vlit_hub.construction.endpoint import NotAsked
from vlit_hub.construction.templates import Turn
from vlit_hub.curation.annotations import of_picture

WINDOW = 4
"""Dialogues under way for each request that may be."""


class Model(Protocol):
    """Answers a chat-completion payload, or raises NotAsked."""

    async def ask(self, payload: dict[str, Any]) -> Reply: ...


@dataclass(frozen=True)
class Writing:
    """How dialogues are asked for. ``attempts``: times a dialogue is asked for, the reason of the last fault added;
    ``shots``: worked examples shown with each conversation; ``judge``: model that rates what passed, ``least``: rating
    (1 to 5) below which it does not pass."""

    model: str
    forms: tuple[str, ...] = ("conversation",)
    attempts: int = 3
    max_tokens: int = 1024
    temperature: float = 0.7
    shots: int = 0
    judge: str = ""
    least: int = 3

    def __post_init__(self) -> None:
        for form in self.forms:
            if form not in prompts.FORMS:
                raise ValueError(f"form: {form!r} is not one of: {', '.join(prompts.FORMS)}")
        if self.attempts < 1:
            raise ValueError(f"attempts: {self.attempts}: at least 1")
        if self.shots < 0:
            raise ValueError(f"shots: {self.shots}: 0 or more")

    def payload(self, model: str, messages: list[dict[str, str]], seed: int) -> dict[str, Any]:
        """What is sent, whole."""
        return {
            "model": model,
            "messages": messages,
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "seed": seed,
        }


@dataclass
class Tally:
    """What became of the dialogues: claims of first replies and of what is kept, quarantine with the reasons."""

    before: Claims = field(default_factory=Claims)
    kept: Claims = field(default_factory=Claims)
    asked_again: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "claims_before": self.before.to_dict(),
            "claims_kept": self.kept.to_dict(),
            "asked_again": dict(sorted(self.asked_again.items())),
            "quarantined": dict(sorted(self.quarantined.items())),
        }


@dataclass(frozen=True)
class Refused:
    """A dialogue that did not come about, as its row in the quarantine."""

    row: dict[str, Any]


@dataclass
class Fault(Exception):
    """Why a reply does not pass. ``kind``: closed and short, for counting."""

    kind: str
    reason: str


@dataclass
class Writer:
    """Writes dialogues with a model, under control."""

    model: Model
    writing: Writing
    tally: Tally = field(default_factory=Tally)

    async def write(self, asked: Asked) -> Written | Refused:
        """One dialogue that passes the control, or why there is none."""
        begun, version = prompts.writing(asked.kind, asked.form, asked.facts(), asked.examples())
        messages = begun
        reply: Reply | None = None
        try:
            for attempt in range(self.writing.attempts):
                reply = await self.model.ask(self.writing.payload(self.writing.model, messages, asked.draw(attempt)))
                try:
                    turns = await self._passed(asked, reply, first=attempt == 0)
                    return Written(turns, version, reply.model)
                except Fault as found:
                    fault = found
                    self.tally.asked_again[fault.kind] += attempt + 1 < self.writing.attempts
                    messages = [
                        *begun,
                        {"role": "assistant", "content": reply.text or "{}"},
                        {"role": "user", "content": prompts.render("again", reason=fault.reason)},
                    ]
        except NotAsked as refusal:
            fault = Fault(str(refusal), str(refusal))
        self.tally.quarantined[fault.kind] += 1
        return Refused(
            {
                "picture": asked.scene.picture.id,
                "img_ids": asked.file_name,
                "instruction_type": asked.kind,
                "form": asked.form,
                "field": "conversations",
                "reason": fault.reason,
                "prompt_version": version,
                "reply": reply.text if reply else "",
            }
        )

    async def _passed(self, asked: Asked, reply: Reply, first: bool) -> list[Turn]:
        try:
            turns = parsed(reply.text, asked.form, reply.finish)
        except Unusable as error:
            raise Fault("malformed", str(error)) from None
        known = of_picture(asked.scene.picture, frozenset(asked.scene.knowledge.labels))
        found = checked(turns, known, asked.scene.picture)
        if first:
            self.tally.before.add(verdict for turn in found for verdict in turn)
        if wrong := faults(found):
            raise Fault("wrong claim", "; ".join(wrong))
        if self.writing.judge:
            await self._judged(asked, turns)
        self.tally.kept.add(verdict for turn in found for verdict in turn)
        return turns

    async def _judged(self, asked: Asked, turns: Sequence[Turn]) -> None:
        text = prompts.render("judge", facts=prompts.render("facts", **asked.facts()), turns=turns)
        message = {"role": "user", "content": text}
        reply = await self.model.ask(self.writing.payload(self.writing.judge, [message], asked.draw(0)))
        try:
            value, reason = rating(reply.text)
        except Unusable as error:
            raise Fault("judge unreadable", f"the judge's reply: {error}") from None
        if value < self.writing.least:
            raise Fault("judge", f"rated {value} of 5: {reason}")


def in_order(
    work: Iterable[Asked], writer: Writer, concurrency: int, enter: Callable[[], AbstractAsyncContextManager[Any]]
) -> Iterator[tuple[Asked, Written | Refused]]:
    """What was written for each piece of work, in its order; ``concurrency`` x WINDOW are under way at a time."""

    async def run() -> AsyncIterator[tuple[Asked, Written | Refused]]:
        async with enter():
            waiting: deque[tuple[Asked, asyncio.Task[Written | Refused]]] = deque()
            for asked in work:
                waiting.append((asked, asyncio.create_task(writer.write(asked))))
                if len(waiting) >= concurrency * WINDOW:
                    done, task = waiting.popleft()
                    yield done, await task
            for done, task in waiting:
                yield done, await task

    async def following(
        stream: AsyncIterator[tuple[Asked, Written | Refused]],
    ) -> tuple[Asked, Written | Refused] | None:
        return await anext(stream, None)

    with asyncio.Runner() as runner:
        stream = run()
        while (found := runner.run(following(stream))) is not None:
            yield found
