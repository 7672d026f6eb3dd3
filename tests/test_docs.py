"""Generated tables are current, the package is light and whole."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import vlit_hub

REPO = Path(__file__).parents[1]


def tables():
    spec = importlib.util.spec_from_file_location("tables", REPO / "docs" / "tables.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_current_and_all_there() -> None:
    pages = tables().pages()
    for page, make in pages.items():
        assert (REPO / page).read_text(encoding="utf-8") == make(), f"{page} is stale; run: python docs/tables.py"
    assert {f"docs/datasets/{path.name}" for path in (REPO / "docs" / "datasets").glob("*.md")} <= set(pages)


def test_the_public_names_exist_and_are_told() -> None:
    assert sorted(vlit_hub.__all__) == [
        "NotChat", "Sample", "from_row", "load_dataset", "to_chat", "validate"
    ]  # fmt: skip
    assert all(getattr(vlit_hub, name).__doc__ for name in vlit_hub.__all__)


def test_no_file_imports_a_room_below_its_own() -> None:
    """The arrows of the house point one way."""
    order = (
        "schema", "canonical", "lexicon", "spec", "regions", "media_errors", "archive_members", "archives",
        "media_listing", "media_roots", "media_finder", "media", "media_forms", "video", "chat", "formats",
        "registry", "ledger", "hooks", "release", "download_http", "download", "fingerprint", "audit", "load",
        "builder", "shards", "processing", "training", "verify", "evaluation", "curation", "construction",
        "publishing", "demo", "cli",
    )  # fmt: skip
    allowed = {("load", "builder")}  # inside a function, so that import vlit_hub stays light
    for path in sorted((REPO / "vlit_hub").rglob("*.py")):
        room = path.relative_to(REPO / "vlit_hub").parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words[:1] == ["from"] and words[1].startswith("vlit_hub."):
                other = words[1].split(".")[1]
                if other not in ("dataset_scripts", "model_cards") and (room, other) not in allowed:
                    assert order.index(other) <= order.index(room), f"{path.name} imports {other}"
