"""One folder of shards and one tiny model per family for all tests of this folder."""

from pathlib import Path

import pytest
import torch

from tests.training.support import FAMILIES, save_tiny, write_shards


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {family: save_tiny(tmp_path_factory.mktemp(family), family, dropout=0.1) for family in FAMILIES}


@pytest.fixture(scope="session")
def model(models: dict[str, Path]) -> Path:
    return models["llava"]


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    """Tiny models are slower with threads, and much slower where others use the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
