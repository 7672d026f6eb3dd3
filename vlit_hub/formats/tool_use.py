"""Tool use written as one prompt (Visual ChatGPT's form): tools, format, history, the new input, the steps so far."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Message, Part, Role, Sample
from vlit_hub.spec import BadRecord, Context


def _until(name: str, end: str) -> str:
    """A group of whole lines up to the line break before ``end``; much faster than a lazy ``.*?``."""
    return rf"(?P<{name}>[^\n]*(?:\n(?!{end})[^\n]*)*+)\n"


_PROMPT = re.compile(
    r"\s*" + _until("intro", "TOOLS:") + r"TOOLS:\n-+\n\n[^\n]* has access to the following tools:\n\n"
    + _until("tools", r"\nTo use a tool")
    + r"\nTo use a tool, please use the following format:\n\n```\nThought: [^\n]*\n"
    r"Action: [^\n]*\[(?P<names>[^\n]*)\]\nAction Input: [^\n]*\nObservation: [^\n]*\n```\n\n[^\n]*\n\n"
    r"```\nThought: [^\n]*\nAI: [^\n]*\n```\n\n"
    + _until("rules", r"\nPrevious conversation:") + r"\nPrevious conversation:\n\n"
    + _until("history", r"\nNew input: ") + r"\nNew input: "
    + _until("asked", r"[^\n]*step by step\.") + r"(?P<close>[^\n]*step by step\.)\n?(?P<steps>.*)",
    re.DOTALL,
)  # fmt: skip
_TOOL = re.compile(r"> (.*?): (.*)", re.DOTALL)
_SPEAKER = re.compile(r"^(Human|AI): ?", re.MULTILINE)
_SPEAKERS: dict[str, Role] = {"Human": "user", "AI": "assistant"}
_CALL = re.compile(r"(Thought:.*?)\nAction: *(.*?) *\nAction Input: *(.*?)\s*(?:\nObservation:(.*))?", re.DOTALL)
_encode = msgspec.json.Encoder().encode


def tool_dialogue(
    record: Mapping[str, Any],
    ctx: Context,
    *,
    instruction: str = "instruction",
    input: str = "input",
    output: str = "output",
    meta_keys: Iterable[str] = (),
) -> Iterator[Sample]:
    """One Sample per record; pictures that the texts name are names only, never media.

    The prompt becomes: its general words a system message, its tools ``tools``, its history and the steps so far
    context (train=False), each observation a tool message. A step's text is what was written less the call, which is
    its ``tool_calls``. The format block goes: structure says it. A prompt without tools is a plain instruction; one
    that names tools but does not parse is kept as it is and reported. Follows GPT4Tools' gpt4tools/data/builder.py.
    """
    text = text_field(record, instruction)
    said = text_field(record, output).strip()
    more = record.get(input) or ""
    if not isinstance(more, str):
        raise BadRecord(input, f"expected text, found {more!r:.40}")
    if not text.strip() or not said:
        raise BadRecord(output if text.strip() else instruction, "empty")
    tools = ""
    messages = None
    if "TOOLS:" in text:
        found = _PROMPT.fullmatch(text)
        messages = _messages(found, more) if found else None
        if found is None or messages is None:
            ctx.report(instruction, "names tools but is not in their prompt's form; kept as one text")
        else:
            tools = _tools(found, instruction, ctx)
    if messages is None:
        messages = [_user(text.strip(), more)]
    yield Sample(
        messages=[*messages, _step(said, train=True)[0] if tools else Message("assistant", [Part(text=said)])],
        task="tool_use" if tools else "instruction_following",
        tools=tools,
        meta=meta_json(record, meta_keys),
    )


def _user(text: str, more: str) -> Message:
    return Message("user", [Part(text=f"{text}\n{more}" if more else text)])


def _messages(prompt: re.Match[str], more: str) -> list[Message] | None:
    """Everything before the reply; None where history or steps do not parse."""
    words = "\n\n".join(prompt[name].strip() for name in ("intro", "rules", "close"))
    messages = [Message("system", [Part(text=words)])]
    pieces = _SPEAKER.split(prompt["history"].strip())
    if pieces[0]:
        return None
    for i in range(1, len(pieces), 2):
        role = _SPEAKERS[pieces[i]]
        if role != ("user", "assistant")[i // 2 % 2]:
            return None
        messages.append(Message(role, [Part(text=pieces[i + 1].strip())], train=role == "user"))
    if len(pieces) % 4 != 1:
        return None
    messages.append(_user(prompt["asked"].strip(), more))
    steps = prompt["steps"].strip()
    for step in re.split(r"\n(?=Thought:)", steps) if steps else ():
        taken = _step(step, train=False)
        if len(taken) != 2:
            return None
        messages += taken
    return messages


def _step(text: str, train: bool) -> list[Message]:
    """An assistant message, and the tool's answer where there is one."""
    match = _CALL.fullmatch(text)
    if match is None:
        return [Message("assistant", [Part(text=text)], train)]
    thought, name, given, observed = match.groups()
    call = [{"type": "function", "function": {"name": name, "arguments": {"input": given}}}]
    step = Message("assistant", [Part(text=thought.strip())], train, tool_calls=_encode(call).decode())
    return [step, Message("tool", [Part(text=observed.strip())])] if observed and observed.strip() else [step]


def _tools(prompt: re.Match[str], key: str, ctx: Context) -> str:
    """The described tools, then those only listed by name, as JSON schemas of one text argument."""
    described = [match.groups() for line in re.split(r"\n(?=> )", prompt["tools"]) if (match := _TOOL.fullmatch(line))]
    names = [name.strip() for name in prompt["names"].split(",")]
    known = [name for name, _ in described]
    if known != names:
        ctx.report(key, "the tools described and the tools listed differ; both are kept")
    described += [(name, "") for name in names if name not in known]
    argument = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
    return _encode(
        [
            {"type": "function", "function": {"name": name, "description": text, "parameters": argument}}
            for name, text in described
        ]
    ).decode()
