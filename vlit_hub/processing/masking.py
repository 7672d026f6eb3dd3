"""Which characters of a rendered chat are answers, and which tokens are supervised.

The chat is rendered twice by the same template: as it is, and with every text replaced by a private mark. The marks
cut the template's own words from the texts (:class:`Frame`), so the place of each answer in the full rendering is known
whatever the template does and wherever else the same words occur. Frames are kept per shape of chat; where a template
was seen not to look at the texts, chats are composed from their frame and the sandboxed rendering, ten times slower
than all the rest, is left out. The rendering is tokenised once; supervision is read off the offsets of that
tokenisation. Ends the wrong and zero masks of trl#3751, LLaVA#779, LLaVA#1166 and InternVL#347.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension

IGNORED = -100
"""Label of a position without loss."""

Chat = list[dict[str, Any]]
"""``[{"role", "content": [{"type": "text", "text"} | {"type": "image"} | {"type": "video"}]}]``"""

FRAMES = 4096
"""Shapes of chats whose frames are kept."""
_ONE_EACH: Chat = [
    {"role": "user", "content": [{"type": "text", "text": "q"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "a"}]},
]
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
    lead: int = 0
    """White space before it that the template writes only once there is a reply: generation has to say it too."""


@dataclass(frozen=True)
class Rendered:
    """A chat as the template writes it; every picture and video is still one placeholder."""

    text: str
    spans: tuple[Span, ...]

    def filled(self, written: Mapping[str, Sequence[str]]) -> tuple[Rendered, list[str]]:
        """With what the native processor writes for each picture and video in place of its placeholder, and the
        placeholders in the order of the text. ``written``: placeholder -> the texts for it, in order."""
        if all(text == place for place, texts in written.items() for text in texts) and len(written) == 1:
            return self, [place for place, texts in written.items() for _ in texts]
        found = list(re.finditer("|".join(map(re.escape, written)), self.text))
        order = [match.group() for match in found]
        for place, texts in written.items():
            if order.count(place) != len(texts):
                raise MaskError(f"the rendering has {order.count(place)} places {place} for {len(texts)}")
        each = {place: iter(texts) for place, texts in written.items()}
        texts = [next(each[place]) for place in order]
        cuts = [0, *chain(*(match.span() for match in found)), len(self.text)]
        pieces = [self.text[start:end] for start, end in zip(cuts[0::2], cuts[1::2], strict=True)]
        places = [match.end() for match in found]
        grown = [0, *accumulate(len(text) - len(place) for text, place in zip(texts, order, strict=True))]
        moved = [grown[bisect_right(places, span.start)] for span in self.spans]
        made = Rendered(
            text="".join(chain(*zip(pieces, (*texts, ""), strict=True))),
            spans=tuple(
                Span(s.message, s.start + by, s.end + by, s.lead) for s, by in zip(self.spans, moved, strict=True)
            ),
        )
        return made, order


@dataclass(frozen=True)
class Turn:
    """A supervised turn: what generation says, answer and end-of-turn token, at ``start`` .. ``stop`` (token positions,
    stop exclusive)."""

    message: int
    start: int
    stop: int


@dataclass
class Frame:
    """What a template writes around the texts of all chats of one shape (roles and kinds of parts)."""

    literals: list[str]
    """Its own words: before, between and after the texts."""
    order: list[int]
    """The text that follows each literal but the last, as a number into the chat's texts."""
    messages: list[int]
    """Message of each text of ``order``."""
    leads: list[int]
    """White space before each text of ``order`` (Span.lead)."""
    steady: bool = False
    """Whether plain texts of any length were seen to change nothing."""
    checks: int = 4
    """Chats of this shape still to be rendered in full, to see that they are as composed."""

    def compose(self, texts: Sequence[str]) -> Rendered:
        """The rendering of a chat with these texts (in the chat's order), as they are."""
        pieces, spans, at = [self.literals[0]], [], len(self.literals[0])
        for literal, number, message, lead in zip(
            self.literals[1:], self.order, self.messages, self.leads, strict=True
        ):
            text = texts[number]
            spans.append(Span(message, at, at + len(text), lead))
            pieces += (text, literal)
            at += len(text) + len(literal)
        return Rendered("".join(pieces), tuple(spans))


class Template:
    """A chat template with its tokenizer: renders, finds answers, knows the end-of-turn token.

    Raises NoEndOfTurn at construction for a template that closes no answer with one special token.
    """

    def __init__(self, native: Any, source: str, placeholder: str, video: str = "") -> None:
        self._native = native
        self.source = source
        self.placeholder = placeholder
        """What the template writes where a picture stands."""
        self.places = {"image": placeholder} | ({"video": video} if video else {})
        """Type of a part -> what the template writes where one stands."""
        tokenizer = native.tokenizer
        special = {t.content for t in tokenizer.added_tokens_decoder.values() if t.special}
        special |= {*tokenizer.all_special_tokens, native.image_token, *self.places.values()}
        self._special = re.compile("|".join(re.escape(t) for t in sorted(special, key=len, reverse=True)))
        words = words_of(source)
        self._takes = {word: word in words for word in ("tools", "tool_calls", "tool")}
        self.writes_videos = bool(video) and self._writes_videos()
        self._frames: dict[tuple, Frame] = {}
        self.end_of_turn = self._find_end_of_turn()
        self.end_id: int = tokenizer.convert_tokens_to_ids(self.end_of_turn)
        self.opening, self.lead, self.opens_alike = self._find_opening()
        self._matter = self._words_that_matter(words)

    def refuses(self, chat: Chat, tools: Sequence[Any]) -> str:
        """What of tool schemas, calls and results the template does not write; "" if it takes all there is."""
        if tools and not self._takes["tools"]:
            return "the chat template takes no tool schemas"
        if not self._takes["tool_calls"] and any("tool_calls" in message for message in chat):
            return "the chat template writes no tool calls"
        if not self._takes["tool"] and any(message["role"] == "tool" for message in chat):
            return "the chat template knows no tool turns"
        return ""

    def control_token(self, chat: Chat, tools: Sequence[Any] = ()) -> str:
        """The first special token that stands in the chat's own texts, where it would be read as one; "" if none."""
        texts = [part["text"] for message in chat for part in message["content"] if part["type"] == "text"]
        calls = [message["tool_calls"] for message in chat if "tool_calls" in message]
        texts += [json.dumps(said, ensure_ascii=False) for said in (*calls, *tools)]
        for text in texts:
            if found := self._special.search(text):
                return found.group()
        return ""

    def render(self, chat: Chat, tools: Sequence[Any] = ()) -> Rendered:
        """The chat as one string with the place of every text. Raises TemplateRefused, MaskError."""
        if tools or any("tool_calls" in message for message in chat):
            return self._calls(chat, tools, self._placed(self._apply(chat, tools), chat, self._frame(chat, tools)))
        shape = tuple((message["role"], *(part["type"] for part in message["content"])) for message in chat)
        frame = self._frames.get(shape)
        if frame is None:
            if len(self._frames) >= FRAMES:
                self._frames.pop(next(iter(self._frames)))
            frame = self._frames[shape] = self._frame(chat)
            frame.steady = all(self._is_composed(chat, frame, text) for text in ("a", "a b\n\nc. " * 200 + "d"))
        texts = [part["text"] for message in chat for part in message["content"] if part["type"] == "text"]
        if frame.steady and all(map(self._plain, texts)):
            rendered = frame.compose(texts)
            if not frame.checks:
                return rendered
            frame.checks -= 1
            if self._apply(chat) == rendered.text:
                return rendered
            frame.steady = False
        return self._placed(self._apply(chat), chat, frame)

    def prompt(self, chat: Chat, tools: Sequence[Any] = ()) -> str:
        """The chat as one string up to where the template has opened a reply. Raises TemplateRefused."""
        return self._apply(chat, tools, reply=True)

    def turns(
        self, rendered: Rendered, ids: Sequence[int], offsets: Sequence[tuple[int, int]], trained: Sequence[int]
    ) -> list[Turn]:
        """Supervised turns of the messages ``trained``, as positions in ``ids`` (one tokenisation of the rendering)."""
        spans: dict[int, list[Span]] = {}
        for span in rendered.spans:
            spans.setdefault(span.message, []).append(span)
        # Tokens that stand for no text (an appended end of text) come last, at 0 .. 0.
        count = len(ids)
        while count and offsets[count - 1][1] == 0:
            count -= 1
        starts, ends = [start for start, _ in offsets[:count]], [end for _, end in offsets[:count]]
        turns: list[Turn] = []
        position = 0
        for message in trained:
            if len(spans.get(message, ())) != 1:
                raise MaskError(f"message {message} has {len(spans.get(message, ()))} texts, an answer has one")
            turn = self._turn(rendered.text, spans[message][0], ids, starts, ends, position)
            position = turn.stop
            turns.append(turn)
        return turns

    def _turn(
        self, text: str, span: Span, ids: Sequence[int], starts: list[int], ends: list[int], position: int
    ) -> Turn:
        opened = span.start - span.lead
        first = bisect_right(ends, opened, position)
        if first < len(starts) and starts[first] < opened and ends[first] <= span.start:  # of the prompt too
            first += 1
        last = bisect_left(starts, span.end, first) - 1
        if last < first:
            raise MaskError(f"no unbroken run of tokens covers the answer of message {span.message}")
        # White space before the answer may belong to its first token ("▁Yes"), nothing else of the template may.
        if text[starts[first] : span.start].strip() or ends[last] > span.end:
            raise MaskError(f"a token at the edge of message {span.message} holds both template and answer")
        if last + 1 >= len(ids) or ids[last + 1] != self.end_id:
            raise MaskError(f"no {self.end_of_turn} follows the answer of message {span.message}")
        return Turn(span.message, first, last + 2)

    def _frame(self, chat: Chat, tools: Sequence[Any] = ()) -> Frame:
        messages = [m for m, _ in _texts(chat)]
        pieces = _MARKED.split(self._apply(_marked(chat), tools))
        literals, order = pieces[0::2], [int(n) for n in pieces[1::2]]
        if sorted(order) != list(range(len(messages))):
            lost = sorted(set(range(len(messages))) - set(order)) or [n for n in order if order.count(n) > 1]
            raise MaskError(f"the template does not write the text of message {messages[lost[0]]} exactly once")
        parts = [part["type"] for message in chat for part in message["content"]]
        for kind, place in self.places.items():
            found = sum(literal.count(place) for literal in literals)
            if found != parts.count(kind):
                name = {"image": "pictures", "video": "videos"}[kind]
                raise MaskError(f"the template places {found} {name}, the chat has {parts.count(kind)}")
        leads = [
            self.lead if chat[messages[n]]["role"] == "assistant" and literal.endswith(self.opening) else 0
            for n, literal in zip(order, literals, strict=False)
        ]
        return Frame(literals, order, [messages[n] for n in order], leads)

    def _placed(self, text: str, chat: Chat, frame: Frame) -> Rendered:
        """A full rendering with its texts found between the words of its frame."""
        texts = _texts(chat)
        spans, at = [], _literal(text, frame.literals[0], 0)
        for literal, number, lead in zip(frame.literals[1:], frame.order, frame.leads, strict=True):
            message, said = texts[number]
            written = _as_written(text, said, at, literal)
            if written is None:
                raise MaskError(f"the template changes the text of message {message}: {said[:60]!r}")
            spans.append(Span(message, at, at + len(written), lead))
            at = _literal(text, literal, at + len(written))
        if at != len(text):
            raise MaskError("the template writes something else once it sees the texts")
        return Rendered(text, tuple(spans))

    def _calls(self, chat: Chat, tools: Sequence[Any], rendered: Rendered) -> Rendered:
        """With the tool calls of a turn in its span: from its text, or else from the opened reply, to its end."""
        spans = [span for span in rendered.spans if not chat[span.message].get("tool_calls")]
        for message, turn in enumerate(chat):
            if not turn.get("tool_calls"):
                continue
            own = [span for span in rendered.spans if span.message == message and span.end > span.start]
            opened = own[0].start if own else len(self.prompt(chat[:message], tools))
            if not own and self.prompt(chat[:message], tools) != rendered.text[:opened]:
                raise MaskError(f"the tool calls of message {message} do not follow its opened reply")
            end = rendered.text.find(self.end_of_turn, own[0].end if own else opened)
            if end < 0:
                raise MaskError(f"no {self.end_of_turn} follows the tool calls of message {message}")
            spans.append(Span(message, opened, end, own[0].lead if own else 0))
        return Rendered(rendered.text, tuple(sorted(spans, key=lambda span: span.start)))

    def _plain(self, text: str) -> bool:
        """Whether a template that is steady writes this text as it is."""
        return bool(text) and not text[0].isspace() and not text[-1].isspace() and not self._matter.search(text)

    def _is_composed(self, chat: Chat, frame: Frame, text: str) -> bool:
        """Whether the chat with this text in every place is rendered as its frame says."""
        filled: Chat = [
            {**m, "content": [{**p, "text": text} if p["type"] == "text" else p for p in m["content"]]} for m in chat
        ]
        try:
            return self._apply(filled) == frame.compose([text] * len(frame.order)).text
        except TemplateRefused:
            return False

    def _words_that_matter(self, words: set[str]) -> re.Pattern:
        """Which of the template's own strings change what it writes when they stand in a text: found by trying each.

        Only by such a string, by white space at its ends, or by its length can a text steer a template.
        """
        chat = [{"role": role, "content": [{"type": "text", "text": ""}]} for role in ("user", "assistant") * 2]
        frame = self._frame(chat)
        steering = [
            word
            for word in sorted(words)
            if not all(self._is_composed(chat, frame, text.strip()) for text in (word, f"a {word} b", f"a{word}b"))
        ]
        return re.compile("|".join(map(re.escape, steering)) or r"(?!)")

    def _writes_videos(self) -> bool:
        chat: Chat = [{"role": "user", "content": [{"type": "video"}, {"type": "text", "text": "q"}]}]
        try:
            return self._apply(chat).count(self.places["video"]) == 1
        except TemplateRefused:
            return False

    def _find_end_of_turn(self) -> str:
        after = _MARKED.split(self._apply(_marked(_ONE_EACH)))[-1]
        found = self._special.match(after)
        if found is None or found.group() in (self._native.image_token, *self.places.values()):
            raise NoEndOfTurn(
                f"the chat template writes {after[:20]!r} after an answer, no end-of-turn token; "
                "give VLITProcessor a chat_template that writes one there (family.template has it)"
            )
        return found.group()

    def _find_opening(self) -> tuple[str, int, bool]:
        """What a template writes between a question and an answer: what opens the reply for generation, with the white
        space that follows it; how long that is; and whether both begin alike."""
        chat = _marked(_ONE_EACH)
        try:
            asked, opened, whole = self._apply(chat[:1]), self._apply(chat[:1], reply=True), self._apply(chat)
        except TemplateRefused:  # a question without its answer
            return "", 0, False
        rest = _MARKED.split(whole.removeprefix(opened))[0]
        if not whole.startswith(opened) or rest.strip():
            return "", 0, False
        return opened.removeprefix(asked) + rest, len(rest), True

    def _apply(self, chat: Chat, tools: Sequence[Any] = (), reply: bool = False) -> str:
        try:
            return self._native.apply_chat_template(
                chat,
                chat_template=self.source,
                tools=list(tools) or None,
                tokenize=False,
                add_generation_prompt=reply,
            )
        except jinja2.TemplateError as error:
            raise TemplateRefused(str(error)) from None


def words_of(source: str) -> set[str]:
    """All strings and names that a template holds, its plain output left out."""
    tree = jinja2.Environment(extensions=["jinja2.ext.loopcontrols", _Generation]).parse(source)
    constants = {node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str)}
    attributes = {node.attr for node in tree.find_all(nodes.Getattr)}
    return constants | attributes | {node.name for node in tree.find_all(nodes.Name)}


class _Generation(Extension):
    """``{% generation %}`` as transformers reads it, for looking at templates only."""

    tags = {"generation"}

    def parse(self, parser: Any) -> list[nodes.Node]:
        """The tag's body."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


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
