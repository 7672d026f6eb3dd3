"""A language model on this machine: answers an endpoint's payloads, in batches, each row drawn by its own seed."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vlit_hub.construction.cache import Cache, Reply
from vlit_hub.construction.endpoint import Cost, NotAsked

if TYPE_CHECKING:
    import torch


@dataclass
class Language:
    """A causal language model with a chat template, loaded. ``name``: the folder's, and a hash over the weights."""

    model: Any
    tokenizer: Any
    name: str

    @staticmethod
    def load(path: str | Path) -> Language:
        """From a folder; raises ValueError where it holds no chat template, OSError where it holds no model."""
        from transformers import AutoModelForCausalLM, AutoTokenizer

        from vlit_hub.evaluation.cache import fingerprint_of

        model = AutoModelForCausalLM.from_pretrained(path).eval()
        tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left")
        if not tokenizer.chat_template:
            raise ValueError(f"{path}: its tokenizer has no chat template; take a model tuned to instructions")
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        return Language(model, tokenizer, f"{Path(path).resolve().name}@{fingerprint_of(model)[:8]}")

    def tokens(self, payload: dict[str, Any]) -> list[int]:
        """The prompt."""
        made = self.tokenizer.apply_chat_template(payload["messages"], add_generation_prompt=True, return_dict=True)
        return made["input_ids"]

    @property
    def longest(self) -> int:
        """Tokens that prompt and answer may have together."""
        return getattr(self.model.config, "max_position_embeddings", None) or 2**31

    @property
    def ends(self) -> set[int]:
        """Ids that end an answer: the tokenizer's, and those of the model's own generation settings."""
        own = self.model.generation_config.eos_token_id
        return {
            end for end in (self.tokenizer.eos_token_id, *(own if isinstance(own, list) else [own])) if end is not None
        }

    def write(self, prompts: list[list[int]], payloads: list[dict[str, Any]]) -> list[Reply]:
        """One reply each. A row does not depend on the others of its batch, but for rounding."""
        import torch
        from transformers import LogitsProcessorList

        padded = self.tokenizer.pad({"input_ids": prompts}, return_tensors="pt").to(self.model.device)
        most = max(payload["max_tokens"] for payload in payloads)
        draws = [(payload["seed"], payload["temperature"]) for payload in payloads]
        with torch.inference_mode():
            out = self.model.generate(
                **padded, do_sample=False, num_beams=1, temperature=None, top_p=None, top_k=None, max_new_tokens=most,
                eos_token_id=sorted(self.ends), pad_token_id=self.tokenizer.pad_token_id,
                logits_processor=LogitsProcessorList([_Drawn(draws)]),
            )  # fmt: skip
        rows = out[:, padded["input_ids"].shape[1] :].tolist()
        return [self._reply(*each) for each in zip(rows, prompts, payloads, strict=True)]

    def _reply(self, row: list[int], prompt: list[int], payload: dict[str, Any]) -> Reply:
        row = row[: payload["max_tokens"]]
        stop = next((i + 1 for i, token in enumerate(row) if token in self.ends), None)
        text = self.tokenizer.decode(row[:stop], skip_special_tokens=True).strip()
        return Reply(text, "length" if stop is None else "stop", self.name, len(prompt), stop or len(row))


class _Drawn:
    """Gumbel noise makes the likeliest token a drawn one: each row of a batch has a source of chance of its own."""

    def __init__(self, draws: list[tuple[int, float]]) -> None:
        import torch

        self._heat = [temperature for _, temperature in draws]
        self._chance = [torch.Generator().manual_seed(seed) for seed, _ in draws]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        import torch

        drawn = scores.float().clone()
        for row, (heat, chance) in enumerate(zip(self._heat, self._chance, strict=True)):
            if heat > 0:
                noise = -torch.empty(scores.shape[1]).exponential_(generator=chance).log()
                drawn[row] = drawn[row] / heat + noise.to(scores.device)
        return drawn


@dataclass
class LocalModel:
    """Batches what is asked at the same time; what is in the cache is not computed again. ``budget``: tokens in all,
    prompts and answers (0: no limit)."""

    language: Language
    cache: Cache
    batch: int = 8
    budget: int = 0
    cost: Cost = field(default_factory=Cost)

    async def __aenter__(self) -> Self:
        self._waiting: deque[tuple[dict[str, Any], asyncio.Future[Reply]]] = deque()
        self._working: asyncio.Task[None] | None = None
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._working:
            self._working.cancel()

    async def ask(self, payload: dict[str, Any]) -> Reply:
        """The reply to one chat-completion payload. Raises NotAsked."""
        if payload["model"] != self.language.name:
            raise NotAsked(f"the model here is {self.language.name}")
        if (known := self.cache.get(payload)) is not None:
            self.cost.cached += 1
            return known
        found: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((payload, found))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await found

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(0)  # whoever is ready may ask before the batch is closed
            if not self._waiting:
                self._working = None
                return
            asked = [self._waiting.popleft() for _ in range(min(self.batch, len(self._waiting)))]
            try:
                self._answer(asked)
            except Exception as error:
                for _, found in asked:
                    if not found.done():
                        found.set_exception(error)

    def _answer(self, asked: list[tuple[dict[str, Any], asyncio.Future[Reply]]]) -> None:
        fit, reserved = [], self.cost.prompt + self.cost.completion
        for payload, found in asked:
            prompt = self.language.tokens(payload)
            most = len(prompt) + payload["max_tokens"]
            if most > self.language.longest:
                found.set_exception(NotAsked(f"longer than the model's {self.language.longest} tokens"))
            elif self.budget and reserved + most > self.budget:
                found.set_exception(NotAsked("token budget reached"))
            else:
                reserved += most
                fit.append((prompt, payload, found))
        if not fit:
            return
        self.cost.sent += len(fit)
        replies = self.language.write([prompt for prompt, _, _ in fit], [payload for _, payload, _ in fit])
        for (_, payload, found), reply in zip(fit, replies, strict=True):
            self.cost.answered += 1
            self.cost.prompt += reply.prompt
            self.cost.completion += reply.completion
            self.cache.put(payload, reply)
            found.set_result(reply)
