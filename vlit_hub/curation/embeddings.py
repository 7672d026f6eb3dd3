"""Embeddings of texts, by models that come with a package or lie in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np


def embed(texts: Sequence[str], model: str) -> np.ndarray:
    """float32 of shape (texts, width), rows of length one. ``model``: a name of MODELS. Raises ValueError for another
    one, RuntimeError where its package is missing."""
    if model not in MODELS:
        raise ValueError(f"embedding {model!r} is not one of: {', '.join(MODELS)}")
    if not texts:
        return np.zeros((0, 1), np.float32)
    vectors = np.asarray(MODELS[model](list(texts)), np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _wordllama(texts: list[str]) -> Any:
    try:
        import wordllama
    except ImportError:
        raise RuntimeError("embedding wordllama: pip install vlit_hub[embeddings]") from None
    folder = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=folder, disable_download=True).embed(texts)


MODELS: dict[str, Callable[[list[str]], Any]] = {"wordllama": _wordllama}
