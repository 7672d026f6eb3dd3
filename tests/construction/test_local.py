"""Generation by a model on this machine: deterministic whatever the batch, out of the cache, within its budget."""

import asyncio
import json

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, LlamaTokenizer
from typer.testing import CliRunner

from tests.construction import collection
from tests.construction.test_author import DOG
from tests.tiny.words import ids, llama_bpe
from vlit_hub.cli import app
from vlit_hub.construction import construct
from vlit_hub.construction.author import local_author
from vlit_hub.construction.cache import Cache
from vlit_hub.construction.endpoint import NotAsked
from vlit_hub.construction.local import Language, LocalModel, _Drawn
from vlit_hub.construction.written import Writing

TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A random Llama with a chat template."""
    vocab, merges = llama_bpe(())
    tokenizer = LlamaTokenizer(vocab=dict(vocab), merges=list(merges), pad_token="<pad>", add_bos_token=True)
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=2048, **sizes, **ids(tokenizer))
    path = tmp_path_factory.mktemp("made") / "tiny"
    model = LlamaForCausalLM(config)
    for weight in model.parameters():  # far enough apart that rounding turns nothing over
        weight.data *= 8 if weight.ndim > 1 else 1
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def language(folder):
    return Language.load(folder)


def payload(language, text, seed=0, temperature=0.0, max_tokens=12, model=None):
    messages = [{"role": "user", "content": text}]
    sampled = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed}
    return {"model": model or language.name, "messages": messages, **sampled}


def ask(language, payloads, path, **options):
    """Replies (or refusals) to what is asked at the same time, and the cost."""

    async def run():
        async with LocalModel(language, cache, **options) as model:
            return await asyncio.gather(*map(model.ask, payloads), return_exceptions=True), model.cost

    with Cache(path) as cache:
        return asyncio.run(run())


def test_a_row_does_not_depend_on_its_batch(language, tmp_path):
    asked = [payload(language, "Is it there? " * n, seed=n, temperature=t) for n in range(1, 4) for t in (0.0, 0.8)]
    found = [ask(language, asked, tmp_path / f"{batch}.sqlite", batch=batch) for batch in (1, 4, 8)]
    texts = [[reply.text for reply in replies] for replies, _ in found]
    assert texts[0] == texts[1] == texts[2] and len(set(texts[0])) == 6
    assert all(cost.answered == cost.sent == 6 for _, cost in found)
    assert {reply.model for reply in found[0][0]} == {language.name} and language.name.startswith("tiny@")


def test_without_temperature_it_is_greedy_and_with_it_the_seed_draws(language, tmp_path):
    plain = [payload(language, "Which shape is it?", seed=seed) for seed in (1, 2)]
    drawn = [payload(language, "Which shape is it?", seed=seed, temperature=1.0) for seed in (1, 2)]
    (one, two, three, four), _ = ask(language, plain + drawn, tmp_path / "a.sqlite")
    prompt = language.tokens(plain[0])
    out = language.model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=12)[0, len(prompt) :]
    assert one.text == two.text == language.tokenizer.decode(out, skip_special_tokens=True).strip()
    assert three.text != four.text and (one.prompt, one.finish) == (len(prompt), "length")


def test_the_draw_follows_the_probabilities():
    scores = torch.tensor([[2.0, 1.0, 0.0, -1.0]])
    drawn = _Drawn([(7, 0.5)])
    counts = torch.bincount(torch.stack([drawn(None, scores).argmax() for _ in range(4000)]), minlength=4) / 4000
    assert torch.allclose(counts, (scores[0] / 0.5).softmax(-1), atol=0.02)


def test_what_is_known_is_not_computed_again(language, tmp_path):
    asked = [payload(language, f"Number {n}?") for n in range(3)]
    first, _ = ask(language, asked[:2], tmp_path / "a.sqlite")
    second, cost = ask(language, asked, tmp_path / "a.sqlite")
    assert second[:2] == first and (cost.cached, cost.sent, cost.answered) == (2, 1, 1)


def test_what_cannot_be_asked(language, tmp_path):
    asked = [
        payload(language, "short"),
        payload(language, "x " * 3000),
        payload(language, "other", model="another"),
    ]
    (good, long, other), cost = ask(language, asked, tmp_path / "a.sqlite")
    assert good.completion <= 12 and cost.sent == 1
    assert isinstance(long, NotAsked) and str(long) == "longer than the model's 2048 tokens"
    assert isinstance(other, NotAsked) and language.name in str(other)
    many = [payload(language, f"Number {n}?") for n in range(9)]
    most = len(language.tokens(many[0])) + 12
    replies, cost = ask(language, many, tmp_path / "b.sqlite", batch=2, budget=4 * most)
    refused = [reply for reply in replies if isinstance(reply, NotAsked)]
    assert 0 < len(refused) < 9 and {str(reply) for reply in refused} == {"token budget reached"}
    assert cost.prompt + cost.completion <= 4 * most


def test_a_model_that_writes_rubbish_ends_in_the_quarantine(folder, tmp_path):
    coco = collection.write(tmp_path / "coco", {1: DOG})
    command = ["construct", "--coco", coco, "--out", tmp_path / "out", "--model", folder, "--max-tokens", 8]
    runs = []
    for _ in range(2):
        result = CliRunner().invoke(app(), [str(argument) for argument in (*command, "--attempts", 2, "--json")])
        assert result.exit_code == 0, result.output
        runs.append(json.loads(result.stdout))
        runs[-1]["rows"] = (tmp_path / "out.work" / "quarantine.jsonl").read_text()
    first, second = runs
    assert first["records"] == {"global": 0, "negative": 0, "region": 0}
    assert first["author"]["quarantined"] == {"malformed": 4} and first["rows"] == second["rows"]
    cost, again = first["author"]["cost"], second["author"]["cost"]
    assert cost["answered"] == again["cached"] == 8 and again["sent"] == 0


def test_a_model_without_a_chat_template_is_refused(folder, language, tmp_path):
    language.model.save_pretrained(tmp_path / "bare")
    bare = LlamaTokenizer.from_pretrained(folder)
    bare.chat_template = None
    bare.save_pretrained(tmp_path / "bare")
    with pytest.raises(ValueError, match="bare: its tokenizer has no chat template"):
        Language.load(tmp_path / "bare")


def test_options_of_an_endpoint_are_refused_without_one(folder, tmp_path):
    for wrong in (["--rate", "5"], ["--price", "1", "2"], ["--judge", "other"]):
        command = ["construct", "--coco", tmp_path, "--out", tmp_path / "out", "--model", folder, *wrong]
        result = CliRunner().invoke(app(), [str(argument) for argument in command])
        assert result.exit_code == 1 and "--endpoint" in result.output


@pytest.mark.slow
def test_a_real_model_writes_the_same_in_any_batch(tmp_path):
    from tests.construction.local_model import unpacked

    model = unpacked(tmp_path)
    coco = collection.write(tmp_path / "coco", {1: DOG, 2: ((210, 150), ["a dog sits there"], DOG[2])})
    written = []
    for batch in (1, 2):
        writing = Writing("", attempts=1, max_tokens=60, temperature=0.0, shots=1)
        author = local_author(model, writing, tmp_path / f"work{batch}", batch)
        construct(coco, tmp_path / f"out{batch}", types=("global",), author=author)
        assert author.cost.answered == 2 and author.tally.before.counts.total() > 0
        rows = (tmp_path / f"work{batch}" / "quarantine.jsonl").read_text()
        written.append(((tmp_path / f"out{batch}" / "global.json").read_text(), rows))
    assert written[0] == written[1]
