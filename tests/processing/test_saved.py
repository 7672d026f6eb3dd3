"""What is saved loads and generates without vlit_hub, on pictures and on text."""

import io
import json
import subprocess
import sys

import msgspec
import PIL.Image
import pytest

from tests.processing.samples import SAMPLES, processor, tiny
from tests.processing.test_packing import PACKING

ALONE = """
import json, sys
import PIL.Image, torch
from transformers import AutoModelForImageTextToText, AutoProcessor
folder, asked = sys.argv[1], json.loads(sys.argv[2])
processor = AutoProcessor.from_pretrained(folder)
model = AutoModelForImageTextToText.from_pretrained(folder).eval()
found = {"vlit_hub": "vlit_hub" in sys.modules, "processor": type(processor).__name__, "ids": []}
for number, chat in enumerate(asked):
    text = processor.apply_chat_template(chat, add_generation_prompt=True)
    images = [[PIL.Image.open(f"{folder}/{number}.png")]] if "image" in str(chat) else None
    inputs = processor(text=[text], images=images, return_tensors="pt")
    out = model.generate(**inputs, max_new_tokens=3, min_new_tokens=3, do_sample=False)
    found["ids"].append([inputs["input_ids"][0].tolist(), out[0].tolist()])
print(json.dumps(found))
"""


@pytest.mark.parametrize("family", [pytest.param(f, marks=() if f == "smolvlm" else pytest.mark.slow) for f in PACKING])
def test_saved_models_generate_without_us(family, tmp_path):
    ours, model = processor(family), tiny(family)[0]
    model.save_pretrained(tmp_path)
    ours.save_pretrained(tmp_path)
    chats = []
    made = [s for s in SAMPLES if s.id in ("one", "text")]
    for number, one in enumerate(made):
        if one.images:
            PIL.Image.open(io.BytesIO(one.images[0].bytes)).save(tmp_path / f"{number}.png")
        parts = one.messages[0].content
        content = [{"type": "image"} if p.type == "image" else {"type": "text", "text": p.text} for p in parts]
        chats.append([{"role": "user", "content": content}])
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path), json.dumps(chats)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["vlit_hub"], found["processor"]) == (False, type(ours.native).__name__)
    for one, (prompt, replied) in zip(made, found["ids"], strict=True):
        asked = msgspec.structs.replace(one, messages=one.messages[:1])
        assert prompt == ours.prompt(asked).input_ids, "the prompt is the one of training"
        out = model.generate(**ours.prompts([asked]), max_new_tokens=3, min_new_tokens=3, do_sample=False)
        assert out[0].tolist() == replied
