"""Indicators that need a model or read pictures: off unless asked for, right where the truth is known."""

import math

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.curation.made import sample, write
from tests.curation.pictures import encoded
from vlit_hub.curation.columns import Work, compute
from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import chosen
from vlit_hub.curation.indicators import blind, picture_text, written
from vlit_hub.schema import Blob, Media
from vlit_hub.shards import Store


def test_they_are_off_by_default_and_say_what_they_need():
    names = {made.name for made in chosen()}
    assert not names & {"blind", "written", "picture_text"}
    with pytest.raises(ValueError, match="--model blind=ID"):
        blind.run(Facts(sample("Q", "A")))
    with pytest.raises(ValueError, match="--model clip=ID"):
        picture_text.run(Facts(sample("Q", "A")))


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("What does the sign say?", "Stop here", ["Stop here"]),
        ("Describe it.", 'A sign that reads "OPEN" and \'closed\'.', ["OPEN", "closed"]),
        ("Describe it.", "It's the dog's bowl.", []),
        ("What is written?", "A long answer of more than six words it is.", []),
    ],
)
def test_quotes(question, answer, expected):
    assert written.quotes(question, answer) == expected


@pytest.mark.slow
def test_words_are_read_in_the_picture():
    pytest.importorskip("rapidocr")
    picture = Image.new("RGB", (320, 120), "white")
    ImageDraw.Draw(picture).text((30, 30), "EXIT 27", fill="black", font=ImageFont.load_default(48))
    shown = {"images": [Blob(encoded(picture))]}
    right = written.run(Facts(sample("What does the sign say?", "Exit 27", **shown)))
    wrong = written.run(Facts(sample("Describe it.", 'A sign with "OPEN 27".', **shown)))
    assert right == {"quoted": 2, "quoted_right": 1} and wrong == {"quoted": 2, "quoted_right": 0.5}
    assert written.run(Facts(sample("Describe it.", "A sign.", **shown))) == {}


@pytest.fixture
def language_model(tmp_path):
    """A random Llama with a tokenizer of words, saved."""
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ["<unk>", "Question", ":", "Answer", "red", "blue", "What", "?"]
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>").save_pretrained(tmp_path / "lm")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2
    )
    LlamaForCausalLM(config).save_pretrained(tmp_path / "lm")
    return str(tmp_path / "lm")


def test_blind_likelihood_is_that_of_the_model(language_model, tmp_path):
    import torch

    tokenizer, model = blind._model(language_model)
    ids = torch.tensor([tokenizer("Question: What?\nAnswer: red blue")["input_ids"]])
    logits = model(ids).logits[0].log_softmax(-1)
    by_hand = math.exp((logits[-3, ids[0, -2]] + logits[-2, ids[0, -1]]).item() / 2)
    assert blind.likelihood(language_model, "What?", "red blue") == pytest.approx(by_hand, rel=1e-5)
    shown = {"images": [Blob(encoded(Image.new("RGB", (4, 4))))], "media": [Media("image", 0, "a.png", 4, 4)]}
    one = sample("What?", "red blue", **shown)
    store = Store(write(tmp_path / "s", [one]))
    work = Work(store, ("blind",), models=(("blind", language_model),))
    table = compute(work)
    assert table["blind_likelihood"].to_pylist() == [pytest.approx(by_hand, rel=1e-5)]
    assert table["needs_picture"].to_pylist() == [by_hand < blind.LIKELY]
    assert work.fingerprint != Work(store, ("blind",), models=(("blind", "other"),)).fingerprint


def test_relevance_and_references():
    (made,) = chosen(["relevance"])
    assert made.run(Facts(sample("What colour is the car?", "The car there is red.")))["relevance"] == 0.5
    assert made.run(Facts(sample("What colour is the car?", "Red."))) == {}
    (made,) = chosen(["references"])
    found = made.run(Facts(sample("Q", "Two dogs lie under a table, next to a puppy.")))
    assert found == {"objects_named": 3, "relations_named": 2}


@pytest.fixture
def clip(tmp_path):
    """A random CLIP with a tokenizer of letters, saved."""
    torch = pytest.importorskip("torch")
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

    letters = [chr(i) for i in range(97, 123)]
    tokens = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=[], model_max_length=16)
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": len(tokens) - 2, "eos_token_id": len(tokens) - 1, "pad_token_id": len(tokens) - 1}
    text = small | ends | {"vocab_size": len(tokens), "max_position_embeddings": 16}
    vision = small | {"image_size": 16, "patch_size": 8}
    torch.manual_seed(0)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8))
    model.save_pretrained(tmp_path / "clip")
    pixels = CLIPImageProcessor(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})
    CLIPProcessor(pixels, tokenizer).save_pretrained(tmp_path / "clip")
    return str(tmp_path / "clip")


def test_picture_text_is_the_cosine_of_the_model(clip):
    import torch

    processor, model = picture_text._model(clip)
    picture = Image.new("RGB", (20, 16), "red")
    inputs = processor(text=["a red dog"], images=[picture], return_tensors="pt")
    with torch.inference_mode():
        logit = model(**inputs).logits_per_image.item() / model.logit_scale.exp().item()
    facts = Facts(sample("Q", "a red dog", images=[Blob(encoded(picture))]), None, {"clip": clip})
    assert picture_text.run(facts)["picture_text"] == pytest.approx(max(0, logit), abs=1e-5)
    assert picture_text.similarity(clip, b"no picture", "a") is None
