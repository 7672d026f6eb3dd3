"""``load_dataset("vlit/<name>")``: the one file that touches the ``datasets`` library from outside.

``datasets`` 5 has no plugin road (FACTS: loading scripts are gone), so ``import vlit_hub`` hooks the import of
``datasets.load`` and wraps its ``dataset_module_factory``. :func:`load_dataset` does the same without the patch.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlit_hub import registry
from vlit_hub.hooks import after_import

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

PREFIX = "vlit/"


def install() -> None:
    """Make ``datasets.load_dataset`` answer for ``vlit/<name>``, now or when ``datasets`` is imported. Idempotent."""
    after_import("datasets.load", _patch)


def _patch(load: Any) -> None:
    original = load.dataset_module_factory
    if getattr(original, "answers_for_vlit", False):
        return

    @functools.wraps(original)
    def dataset_module_factory(path: str, *args: Any, **kwargs: Any) -> Any:
        name = path.removeprefix(PREFIX) if isinstance(path, str) and path.startswith(PREFIX) else ""
        if name and (kwargs.get("data_dir") is not None or name in registry.modules()):
            return _module(load, name, kwargs.get("data_dir"))
        return original(path, *args, **kwargs)

    dataset_module_factory.answers_for_vlit = True  # type: ignore[attr-defined]
    load.dataset_module_factory = dataset_module_factory
    inspect = sys.modules.get("datasets.inspect")
    if inspect is not None:
        inspect.dataset_module_factory = dataset_module_factory  # type: ignore[attr-defined]


def _module(load: Any, name: str, data_dir: str | None) -> Any:
    from vlit_hub import builder
    from vlit_hub.download import has_download
    from vlit_hub.release import MissingFiles, how_to_get

    spec = registry.get(name)
    if data_dir is None and not has_download(spec):
        raise MissingFiles(f"give data_dir=, the raw folder. {how_to_get(spec, Path('data_dir'))}")
    return load.DatasetModule(
        "vlit_hub.builder",
        builder.code_fingerprint(spec),
        {"dataset_name": name, "repo_id": f"{PREFIX}{name}", "dataset": name},
    )


def load_dataset(
    name: str,
    subset: str | None = None,
    *,
    data_dir: str | Path | None = None,
    media_roots: Mapping[str, str] | str | None = None,
    options: Mapping[str, Any] | None = None,
    split: str | None = None,
    streaming: bool = False,
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
) -> Dataset | DatasetDict | IterableDataset | IterableDatasetDict:
    """A surveyed dataset from its raw folder, as ``datasets.load_dataset`` gives it, without any patch.

    Without ``data_dir`` what `vlit download` can fetch of the subset is fetched first, into the cache.
    ``media_roots``: root name -> folder, archive or table of URLs (or one for all) where pictures lie outside
    ``data_dir``, as :func:`vlit_hub.media_roots.open_root` reads it. Raises UnknownDataset, MissingFiles,
    DownloadError, ValueError for an unknown subset, option or root.
    """
    from vlit_hub import builder

    made = builder.VLITBuilder(
        dataset_name=(spec := registry.get(name)).name,
        repo_id=f"{PREFIX}{spec.name}",
        config_name=subset,
        hash=builder.code_fingerprint(spec),
        cache_dir=str(cache_dir) if cache_dir else None,
        data_dir=str(data_dir) if data_dir is not None else None,
        dataset=spec.name,
        media_roots=media_roots,
        options=options,
    )
    if streaming:
        return made.as_streaming_dataset(split=split)
    made.download_and_prepare(num_proc=num_proc)
    return made.as_dataset(split=split)
