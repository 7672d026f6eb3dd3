"""A local Hub with four tokens, and clients that talk to it over a socket."""

from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.utils import _http, disable_progress_bars

from vlit_hub.publishing.local_hub import Account, LocalHub

TOKENS = {
    "hf_ada_write": Account("ada", "write", orgs=("lab",)),
    "hf_ada_read": Account("ada", "read"),
    "hf_bob_write": Account("bob", "write"),
    "hf_local_write": "write",
}


@pytest.fixture(autouse=True)
def client_settings(monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    disable_progress_bars()


@pytest.fixture
def no_waiting(monkeypatch):
    """The client retries as ever, but does not sleep between."""
    monkeypatch.setattr(_http, "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr("vlit_hub.publishing.push_client.random.uniform", lambda low, high: 0.0)


@pytest.fixture
def hub(tmp_path):
    with LocalHub(tmp_path / "hub", TOKENS) as hub:
        yield hub


@pytest.fixture
def ada(hub):
    return HfApi(hub.endpoint, token="hf_ada_write")


@pytest.fixture
def bob(hub):
    return HfApi(hub.endpoint, token="hf_bob_write")


@pytest.fixture
def folder(tmp_path):
    """A prepared dataset folder: a card, text, a binary shard and a picture that two paths share."""
    folder = tmp_path / "release"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: mit\npretty_name: Pets\n---\n# Pets\n")
    (folder / "data" / "notes.txt").write_text("héllo\n")
    (folder / "data" / "train.tar").write_bytes(bytes(range(256)) * 400)
    (folder / "a.png").write_bytes(b"\x89PNG" + b"\0" * 60)
    (folder / "data" / "b.png").write_bytes(b"\x89PNG" + b"\0" * 60)
    return folder
