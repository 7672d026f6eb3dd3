"""Which characters of a rendered chat are answers, and which tokens are supervised.

The chat is rendered twice by the same template: as it is, and with every text replaced by a private mark. The marks
cut the template's own words from the texts, so the place of each answer in the full rendering is known whatever the
template does and wherever else the same words occur. The full rendering is tokenised once; supervision is read off the
offsets of that one tokenisation. Ends the wrong and zero masks of trl#3751, LLaVA#779, LLaVA#1166 and InternVL#347.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import jinja2

IGNORED = -100
"""Label of a position without loss."""

Chat = list[dict[str, Any]]
"""``[{"role", "content": [{"type": "text", "text"} | {"type": "image"}]}]``"""

_MARK = "\ue000{}\ue001"
_MARKED = re.compile("\ue000(\\d+)\ue001")


class MaskError(ValueError):
    """A chat whose supervised tokens cannot be told exactly; the message names the place."""


class NoEndOfTurn(ValueError):
    """A chat template that writes no end-of-turn token right after an answer: the model would never learn to stop."""


class TemplateRefused(ValueError):
    """The chat template raised on this chat (order of roles, a turn it does not know)."""


@dataclass(frozen=True)
class Span:
    """Text of message ``message`` at ``start`` .. ``end`` (code points of the rendering, end exclusive)."""

    message: int
    start: int
    end: int


@dataclass(frozen=True)
class Rendered:
    """A chat as the template writes it; every picture is still one placeholder."""

    text: str
    spans: tuple[Span, ...]
    pictures: int

    def filled(self, placeholder: str, pictures: Sequence[str]) -> Rendered:
        """With what the native processor writes for each picture in place of its placeholder."""
        if all(text == placeholder for text in pictures):
            return self
        pieces = self.text.split(placeholder)
        if len(pieces) != len(pictures) + 1:
            raise MaskError(f"the rendering has {len(pieces) - 1} places for {len(pictures)} pictures")
        places = list(accumulate(len(piece) + len(placeholder) for piece in pieces[:-1]))
        grown = [0, *accumulate(len(text) - len(placeholder) for text in pictures)]
        moved = [grown[bisect_right(places, span.start)] for span in self.spans]
        return Rendered(
            text="".join(chain(*zip(pieces, (*pictures, ""), strict=True))),
            spans=tuple(Span(s.message, s.start + by, s.end + by) for s, by in zip(self.spans, moved, strict=True)),
            pictures=self.pictures,
        )


@dataclass(frozen=True)
class Turn:
    """A supervised turn: answer and end-of-turn token at ``start`` .. ``stop`` (token positions, stop exclusive)."""

    message: int
    start: int
    stop: int


class Template:
    """A chat template with its tokenizer: renders, finds answers, knows the end-of-turn token.

    Raises NoEndOfTurn at construction for a template that closes no answer with one special token.
    """

    def __init__(self, native: Any, source: str, placeholder: str) -> None:
        self._native = native
        self._source = source
        self.placeholder = placeholder
        """What the template writes where a picture stands."""
        tokenizer = native.tokenizer
        special = {t.content for t in tokenizer.added_tokens_decoder.values() if t.special}
        special |= {*tokenizer.all_special_tokens, native.image_token, placeholder}
        self._special = re.compile("|".join(re.escape(t) for t in sorted(special, key=len, reverse=True)))
        self.end_of_turn = self._find_end_of_turn()
        self.end_id: int = tokenizer.convert_tokens_to_ids(self.end_of_turn)

    def control_token(self, chat: Chat) -> str:
        """The first special token that stands in the chat's own texts, where it would be read as one; "" if none."""
        for _, text in _texts(chat):
            if found := self._special.search(text):
                return found.group()
        return ""

    def render(self, chat: Chat) -> Rendered:
        """The chat as one string with the place of every text. Raises TemplateRefused, MaskError."""
        text = self._apply(chat)
        texts = _texts(chat)
        pieces = _MARKED.split(self._apply(_marked(chat)))
        literals, order = pieces[0::2], [int(n) for n in pieces[1::2]]
        if sorted(order) != list(range(len(texts))):
            lost = sorted(set(range(len(texts))) - set(order)) or [n for n in order if order.count(n) > 1]
            raise MaskError(f"the template does not write the text of message {texts[lost[0]][0]} exactly once")
        spans, at = [], _literal(text, literals[0], 0)
        for literal, number in zip(literals[1:], order, strict=True):
            message, said = texts[number]
            written = _as_written(text, said, at, literal)
            if written is None:
                raise MaskError(f"the template changes the text of message {message}: {said[:60]!r}")
            spans.append(Span(message, at, at + len(written)))
            at = _literal(text, literal, at + len(written))
        if at != len(text):
            raise MaskError("the template writes something else once it sees the texts")
        pictures = sum(literal.count(self.placeholder) for literal in literals)
        expected = sum(part["type"] == "image" for message in chat for part in message["content"])
        if pictures != expected:
            raise MaskError(f"the template places {pictures} pictures, the chat has {expected}")
        return Rendered(text, tuple(spans), pictures)

    def prompt(self, chat: Chat) -> str:
        """The chat as one string up to where the template has opened a reply. Raises TemplateRefused."""
        return self._apply(chat, reply=True)

    def turns(
        self, rendered: Rendered, ids: Sequence[int], offsets: Sequence[tuple[int, int]], trained: Sequence[int]
    ) -> list[Turn]:
        """Supervised turns of the messages ``trained``, as positions in ``ids`` (one tokenisation of the rendering)."""
        spans = {m: [s for s in rendered.spans if s.message == m] for m in trained}
        turns: list[Turn] = []
        position = 0
        for message in trained:
            if len(spans[message]) != 1:
                raise MaskError(f"message {message} has {len(spans[message])} texts, an answer has one")
            turn = self._turn(rendered.text, spans[message][0], ids, offsets, position)
            position = turn.stop
            turns.append(turn)
        return turns

    def _turn(
        self, text: str, span: Span, ids: Sequence[int], offsets: Sequence[tuple[int, int]], position: int
    ) -> Turn:
        inside = [i for i in range(position, len(ids)) if offsets[i][1] > span.start and offsets[i][0] < span.end]
        if not inside or inside != list(range(inside[0], inside[-1] + 1)):
            raise MaskError(f"no unbroken run of tokens covers the answer of message {span.message}")
        first, last = inside[0], inside[-1]
        # White space before the answer may belong to its first token ("▁Yes"), nothing else of the template may.
        if text[offsets[first][0] : span.start].strip() or offsets[last][1] > span.end:
            raise MaskError(f"a token at the edge of message {span.message} holds both template and answer")
        if last + 1 >= len(ids) or ids[last + 1] != self.end_id:
            raise MaskError(f"no {self.end_of_turn} follows the answer of message {span.message}")
        return Turn(span.message, first, last + 2)

    def _find_end_of_turn(self) -> str:
        answer: Chat = [
            {"role": "user", "content": [{"type": "text", "text": "q"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "a"}]},
        ]
        after = _MARKED.split(self._apply(_marked(answer)))[-1]
        found = self._special.match(after)
        if found is None or found.group() in (self._native.image_token, self.placeholder):
            raise NoEndOfTurn(
                f"the chat template writes {after[:20]!r} after an answer, no end-of-turn token; "
                "give VLITProcessor a chat_template that writes one there (family.template has it)"
            )
        return found.group()

    def _apply(self, chat: Chat, reply: bool = False) -> str:
        try:
            return self._native.apply_chat_template(
                chat, chat_template=self._source, tokenize=False, add_generation_prompt=reply
            )
        except jinja2.TemplateError as error:
            raise TemplateRefused(str(error)) from None


def _texts(chat: Chat) -> list[tuple[int, str]]:
    return [(m, p["text"]) for m, message in enumerate(chat) for p in message["content"] if p["type"] == "text"]


def _marked(chat: Chat) -> Chat:
    count = 0
    marked: Chat = []
    for message in chat:
        content = []
        for part in message["content"]:
            if part["type"] == "text":
                part = {"type": "text", "text": _MARK.format(count)}
                count += 1
            content.append(part)
        marked.append({**message, "content": content})
    return marked


def _literal(text: str, literal: str, at: int) -> int:
    if not text.startswith(literal, at):
        raise MaskError(f"the template writes {text[at : at + 40]!r} where it wrote {literal[:40]!r} for other texts")
    return at + len(literal)


def _as_written(text: str, said: str, at: int, following: str) -> str | None:
    """The text as the template wrote it at ``at``: as it is, or trimmed."""
    for form in (said, said.strip(), said.rstrip(), said.lstrip()):
        if text.startswith(form + following, at):
            return form
    return None
