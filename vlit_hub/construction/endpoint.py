"""An OpenAI-compatible endpoint: cached, retried, kept to a rate and a budget of tokens; what it cost is counted."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from vlit_hub.construction.cache import Cache, Reply

if TYPE_CHECKING:
    import openai

CLOSED = (401, 403, 404)
"""With such an answer an endpoint answers nothing else: key, rights or model are wrong."""
OVERHEAD = 16
"""Tokens that a chat template may put around one message."""


class NotAsked(Exception):
    """A request that was not sent, or stayed unanswered; the message says why."""


@dataclass(frozen=True)
class Limits:
    """What a run may use. ``budget``: tokens in all, prompts and answers (0: no limit); ``rate``: requests a minute,
    those sent again too (0: no limit); ``price``: of a million prompt and a million answer tokens, in any currency."""

    budget: int = 0
    rate: float = 0.0
    concurrency: int = 8
    retries: int = 5
    timeout: float = 120.0
    price: tuple[float, float] = (0.0, 0.0)


@dataclass
class Cost:
    """What a run used: tokens of this run's requests, and how many of its answers came out of the cache."""

    sent: int = 0
    answered: int = 0
    cached: int = 0
    retried: int = 0
    prompt: int = 0
    completion: int = 0
    unanswered: int = 0
    price: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


@dataclass
class Endpoint:
    """Chat completions of one endpoint; the key is read from OPENAI_API_KEY (any, where the endpoint asks for none)."""

    url: str
    cache: Cache
    limits: Limits = field(default_factory=Limits)
    cost: Cost = field(default_factory=Cost)

    async def __aenter__(self) -> Self:
        import os

        import openai

        self._reserved, self._next, self._closed = 0, 0.0, ""
        self._gate = asyncio.Semaphore(self.limits.concurrency)
        self._client = openai.AsyncOpenAI(
            base_url=self.url,
            api_key=os.environ.get("OPENAI_API_KEY") or "none",
            max_retries=self.limits.retries,
            timeout=self.limits.timeout,
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"request": [self._turn]}),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.close()

    async def ask(self, payload: dict[str, Any]) -> Reply:
        """The reply to one chat-completion payload, from the cache if it is there. Raises NotAsked."""
        if (known := self.cache.get(payload)) is not None:
            self.cost.cached += 1
            return known
        async with self._gate:
            if self._closed:
                raise NotAsked(self._closed)
            most = _most(payload)
            used = self.cost.prompt + self.cost.completion + self._reserved
            if self.limits.budget and used + most > self.limits.budget:
                raise NotAsked("token budget reached")
            self._reserved += most
            try:
                reply = await self._send(payload, most)
            finally:
                self._reserved -= most
        self.cache.put(payload, reply)
        return reply

    async def _send(self, payload: dict[str, Any], most: int) -> Reply:
        import openai

        try:
            raw = await self._client.chat.completions.with_raw_response.create(**payload)
            done = raw.parse()
            self.cost.retried += raw.retries_taken
            reply = _reply(done, payload, most)
        except (openai.OpenAIError, ValueError, TypeError, AttributeError, IndexError) as error:
            self.cost.unanswered += 1
            if isinstance(error, openai.APITimeoutError):
                self._spend(most, 0)  # it may have been answered, and counted, on the other side
            raise NotAsked(self._reason(error)) from None
        self.cost.answered += 1
        self._spend(reply.prompt, reply.completion)
        return reply

    def _reason(self, error: Exception) -> str:
        import openai

        if isinstance(error, openai.APIStatusError):
            reason = f"endpoint answers {error.status_code}"
            if error.status_code in CLOSED:
                self._closed = f"{reason}: check OPENAI_API_KEY and the model's name"
                return self._closed
            return reason
        if isinstance(error, openai.APITimeoutError):
            return f"endpoint gives no answer in {self.limits.timeout:g} s"
        if isinstance(error, openai.APIConnectionError):
            return "endpoint cannot be reached"
        return "endpoint answers no chat completion"

    def _spend(self, prompt: int, completion: int) -> None:
        self.cost.prompt += prompt
        self.cost.completion += completion
        dear, dearer = self.limits.price
        self.cost.price += (prompt * dear + completion * dearer) / 1e6

    async def _turn(self, request: object) -> None:
        """Wait until one more request may go out; runs before each, those sent again too."""
        self.cost.sent += 1
        if self.limits.rate:
            now = asyncio.get_running_loop().time()
            at = max(now, self._next)
            self._next = at + 60 / self.limits.rate
            await asyncio.sleep(at - now)


def _most(payload: dict[str, Any]) -> int:
    """The most tokens that a request can cost: no token is shorter than a byte."""
    messages = payload["messages"]
    return sum(len(m["content"].encode()) + OVERHEAD for m in messages) + payload["max_tokens"]


def _reply(done: openai.types.chat.ChatCompletion, payload: dict[str, Any], most: int) -> Reply:
    choice, usage = done.choices[0], done.usage
    prompt, completion = (usage.prompt_tokens, usage.completion_tokens) if usage else (most, 0)
    text = choice.message.content or ""
    return Reply(text, str(choice.finish_reason or ""), str(done.model or payload["model"]), prompt, completion)
