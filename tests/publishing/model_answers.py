"""Logits and a generation of a published model, as its users make them: MODEL ADAPTER. Imports no vlit_hub."""

import json
import os
import sys

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor


def answers(repo: str, adapter: str = "") -> dict:
    """``repo``, ``adapter``: Hub ids or folders."""
    processor = AutoProcessor.from_pretrained(adapter or repo)
    model = AutoModelForImageTextToText.from_pretrained(repo)
    if adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter)
    model.eval()
    asked = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is in the picture?"}]}]
    prompt = processor.apply_chat_template(asked, add_generation_prompt=True)
    picture = Image.new("RGB", (40, 30), (200, 30, 30))
    inputs = processor(images=[picture], text=prompt, return_tensors="pt")
    with torch.no_grad():
        logits = model(**inputs).logits[0, -1]
    made = model.generate(**inputs, max_new_tokens=4, do_sample=False)
    return {"logits": logits.tolist(), "new": made.shape[1] - inputs["input_ids"].shape[1]}


if __name__ == "__main__":
    found = answers(*sys.argv[1:])
    assert "vlit_hub" not in sys.modules
    print(json.dumps(found), flush=True)
    os._exit(0)
