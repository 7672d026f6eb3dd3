"""gpt4tools: a call, an answer after a step, no history, tools listed otherwise, no tools, a broken prompt, empty."""

import json


def _prompt(names: str, history: str, asked: str, steps: str = "") -> str:
    return (
        "GPT4Tools can handle many tasks.\nTOOLS:\n------\n\nGPT4Tools has access to the following tools:\n\n"
        "> Edge Detection On Image: useful: to detect edges.\n> Detect the Give Object: finds it.\n\n"
        "To use a tool, please use the following format:\n\n```\nThought: Do I need to use a tool? Yes\n"
        f"Action: the action to take, should be one of [{names}]\nAction Input: the input to the action\n"
        "Observation: the result of the action\n```\n\nWhen you have a response to say to the Human, or if you do not"
        " need to use a tool, you MUST use the format:\n\n```\nThought: Do I need to use a tool? No\n"
        "AI: [your response here]\n```\n\nFollow file name rules.\n\nPrevious conversation:\n\n"
        f"{history}\n\nNew input: {asked}\nUse tools. Let's think step by step.\n{steps}"
    )


_NAMES = "Edge Detection On Image, Detect the Give Object"
_HISTORY = "Human: Provide an image named image/abcdefgh.png. Description: A dog.\nAI: Received."
_CALL = "Thought: Do I need to use a tool? Yes\nAction: Detect the Give Object\nAction Input: image/abcdefgh.png, dog\n"
_ANSWER = "Thought: Do I need to use a tool? No\nAI: Result saved."
_RECORDS = [
    {
        "instruction": "\n" + _prompt(_NAMES, _HISTORY, "Find the dog. "),
        "input": "",
        "output": _CALL + "Observation:\n",
    },
    {
        "instruction": _prompt(_NAMES, "", "Find the dog.", _CALL + "Observation: Result saved\n"),
        "input": "",
        "output": _ANSWER + "\n",
    },
    {"instruction": _prompt("Other", "", "Hello"), "input": "", "output": _ANSWER},
    {"instruction": "Add the numbers.", "input": "1, 2", "output": "3"},
    {"instruction": _prompt(_NAMES, "AI: Received.", "Go"), "input": "", "output": _ANSWER},
    {"instruction": "Say nothing.", "input": "", "output": " \n"},
]
FILES = {
    "gpt4tools_71k.json": json.dumps(_RECORDS),
    "gpt4tools_val_seen.json": json.dumps([_RECORDS[3] | {"id": 7}]),
}


def _tool(name: str, description: str) -> dict:
    argument = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": argument}}


def _tools(*more: dict) -> str:
    tools = [_tool("Edge Detection On Image", "useful: to detect edges."), _tool("Detect the Give Object", "finds it.")]
    return json.dumps([*tools, *more], separators=(",", ":"))


_SYSTEM = (
    "system",
    ["GPT4Tools can handle many tasks.\n\nFollow file name rules.\n\nUse tools. Let's think step by step."],
)
_THOUGHT = "Thought: Do I need to use a tool? Yes"
_CALLS = [
    '[{"type":"function","function":{"name":"Detect the Give Object","arguments":{"input":"image/abcdefgh.png, dog"}}}]'
]


def _sample(id: str, messages: list, **more: object) -> dict:
    return {"id": id, "group": id, "task": "tool_use", "messages": messages, "media": []} | more


_PLAIN = [("user", ["Add the numbers.\n1, 2"]), ("assistant", ["3"])]
EXPECTED = {
    "default": {
        "train": [
            _sample(
                "gpt4tools_71k:0",
                [
                    _SYSTEM,
                    ("user", ["Provide an image named image/abcdefgh.png. Description: A dog."]),
                    ("ASSISTANT", ["Received."]),
                    ("user", ["Find the dog."]),
                    ("assistant", [_THOUGHT]),
                ],
                tool_calls=_CALLS,
                tools=_tools(),
            ),
            _sample(
                "gpt4tools_71k:1",
                [
                    _SYSTEM,
                    ("user", ["Find the dog."]),
                    ("ASSISTANT", [_THOUGHT]),
                    ("tool", ["Result saved"]),
                    ("assistant", [_ANSWER]),
                ],
                tool_calls=_CALLS,
                tools=_tools(),
            ),
            _sample(
                "gpt4tools_71k:2",
                [_SYSTEM, ("user", ["Hello"]), ("assistant", [_ANSWER])],
                tools=_tools(_tool("Other", "")),
            ),
            _sample("gpt4tools_71k:3", _PLAIN, task="instruction_following"),
            _sample(
                "gpt4tools_71k:4",
                [("user", [_RECORDS[4]["instruction"].strip()]), ("assistant", [_ANSWER])],
                task="instruction_following",
            ),
        ],
        "val_seen": [_sample("gpt4tools_val_seen:0", _PLAIN, task="instruction_following", meta='{"id":7}')],
    }
}
BAD = {"default": {"train": [("gpt4tools_71k.json", 5, "output")]}}
