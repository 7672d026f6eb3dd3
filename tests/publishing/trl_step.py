"""One step of plain TRL on a chat config, in a process of its own: FOLDER MODEL CONFIG OUT. Imports no vlit_hub."""

import os
import sys

from datasets import load_dataset
from transformers import AutoModelForImageTextToText, AutoProcessor
from trl import SFTConfig, SFTTrainer

folder, model, config, out = sys.argv[1:]
trainer = SFTTrainer(
    AutoModelForImageTextToText.from_pretrained(model),
    SFTConfig(
        out, per_device_train_batch_size=4, max_steps=1, max_length=None, use_cpu=True, report_to="none",
        logging_steps=1, save_strategy="no", gradient_checkpointing=False, bf16=False, disable_tqdm=True,
    ),
    train_dataset=load_dataset(folder, config, split="train"),
    processing_class=AutoProcessor.from_pretrained(model),
)  # fmt: skip
trainer.train()
assert "vlit_hub" not in sys.modules
print("loss", trainer.state.log_history[0]["loss"], flush=True)
os._exit(0)
