"""vlit_hub: vision-language instruction tuning on the Hugging Face stack.

``import vlit_hub`` is light and makes ``datasets.load_dataset("vlit/<name>", data_dir=...)`` work, whichever of the
two is imported first; ``transformers.AutoProcessor`` likewise knows the processors of vlit_hub.
"""

import importlib

from vlit_hub import load as _load
from vlit_hub.canonical import validate
from vlit_hub.chat import NotChat, to_chat
from vlit_hub.hooks import after_import
from vlit_hub.load import load_dataset
from vlit_hub.schema import Sample, from_row

__version__ = "0.1.0"
__all__ = ["NotChat", "Sample", "from_row", "load_dataset", "to_chat", "validate"]

_load.install()
after_import("transformers.models.auto.processing_auto", lambda _: importlib.import_module("vlit_hub.processing"))
