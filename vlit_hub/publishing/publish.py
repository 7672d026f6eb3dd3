"""From a folder of shards, or of a tuned model, to a repository: made ready beside the folder, pushed, tidied away.

What is made ready stands in ``.<folder>.push-<hash>`` with the ledger of the push. A run that was killed leaves it
there, and the next one of the same folder, place and choices goes on: finished tables are not written again, finished
files are not sent again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import constants

from vlit_hub.publishing.configs import Form
from vlit_hub.publishing.export import FORMS, OWNED, ExportReport, MediaChoice, export
from vlit_hub.publishing.facts import parts_of
from vlit_hub.publishing.licences import check_texts, mixture
from vlit_hub.publishing.push import PushReport, full_name, push_folder
from vlit_hub.publishing.push_errors import PushRunning, named_errors
from vlit_hub.publishing.push_send import Progress
from vlit_hub.publishing.push_target import Gated, RepoType
from vlit_hub.publishing.rendering import REPO
from vlit_hub.publishing.staging import refuse_other, stage_merged, stage_model
from vlit_hub.shards import manifest as manifests
from vlit_hub.shards.index import fingerprint


@dataclass(frozen=True)
class Destination:
    """Where and how a push goes; the fields are push_folder's."""

    repo_id: str
    endpoint: str | None = None
    token: str | None = None
    private: bool = False
    gated: Gated | None = None
    revision: str | None = None
    tag: str | None = None
    create_pr: bool = False
    message: str = ""

    def full_name(self) -> str:
        """NAMESPACE/NAME; raises PushError where the token may not push there."""
        proposed = self.create_pr or (self.revision or "").startswith("refs/pr/")
        return full_name(self.repo_id, endpoint=self.endpoint, token=self.token, proposed=proposed)

    def __repr__(self) -> str:
        return f"Destination({self.repo_id!r}, revision={self.revision!r})"  # never the token


def publish_dataset(
    shards: Path,
    to: Destination,
    *,
    forms: Sequence[Form] = FORMS,
    dialect: str | None = None,
    media: MediaChoice = "refuse",
    title: str = "",
    note: str = "",
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> tuple[PushReport, ExportReport]:
    """Export ``shards`` (export.py) and push the result; ``media="all"`` says that the rights are held.

    Raises MayNotPass before anything is made where licences forbid it (licences.py), PushError, and as export does.
    """
    splits = manifests.load(shards).splits
    check_texts(mixture(parts_of(splits)), private=to.private, rights_held=media == "all")
    repo = to.full_name()
    choices = [fingerprint(tuple(splits)), list(forms), dialect, media, title, note]
    with named_errors(repo), _work(shards, to, repo, choices) as work:
        exported = export(
            shards, work / "ready", forms=forms, dialect=dialect, media=media, title=title, note=note, repo_id=repo,
            resume=True,
        )  # fmt: skip
        report = _push(work, repo, "dataset", to, dry_run, on_progress)
    return report, exported


def publish_model(
    folder: Path,
    to: Destination,
    *,
    merged: bool = False,
    dry_run: bool = False,
    on_progress: Progress | None = None,
) -> PushReport:
    """Push a tuned model's folder (staging.py): weights as safetensors, processor, adapter (``merged``: added to its
    base model instead), card.

    Where its card names no repository it gets this one. Raises ValueError for what is no model, PushError.
    """
    refuse_other(folder)
    repo = to.full_name()
    with named_errors(repo), _work(folder, to, repo, [merged]) as work:
        ready = work / "ready"
        shutil.rmtree(ready, ignore_errors=True)
        (stage_merged if merged else stage_model)(folder, ready)
        card = ready / "README.md"
        text = card.read_text(encoding="utf-8").replace(REPO, repo)
        card.unlink()  # a link to the model's own, which stays as it is
        card.write_text(text, encoding="utf-8")
        return _push(work, repo, "model", to, dry_run, on_progress)


def _push(
    work: Path, repo: str, kind: RepoType, to: Destination, dry_run: bool, on_progress: Progress | None
) -> PushReport:
    return push_folder(
        work / "ready", repo, kind, endpoint=to.endpoint, token=to.token, private=to.private, gated=to.gated,
        revision=to.revision, tag=to.tag, create_pr=to.create_pr,
        commit_message=to.message or f"Publish {repo} with vlit_hub", owned=OWNED if kind == "dataset" else None,
        ledgers=work, dry_run=dry_run, on_progress=on_progress,
    )  # fmt: skip


@contextmanager
def _work(folder: Path, to: Destination, repo: str, choices: list[Any]) -> Iterator[Path]:
    """The folder of this push, beside ``folder``; removed when the block ends without an error."""
    place = [to.endpoint or constants.ENDPOINT, repo, to.revision, to.create_pr, choices]
    name = hashlib.sha256(json.dumps(place, default=str).encode()).hexdigest()[:16]
    folder = folder.absolute()
    work = folder.parent / f".{folder.name}.push-{name}"
    work.mkdir(exist_ok=True)
    with (work / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise PushRunning(f"another push holds {work}: wait for it, or end it") from None
        yield work
        shutil.rmtree(work)
