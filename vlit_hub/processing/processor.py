"""``VLITProcessor``: Samples to batches for any family, around the family's own transformers processor."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import AutoProcessor, PreTrainedConfig, ProcessorMixin
from transformers.utils import CHAT_TEMPLATE_FILE, PROCESSOR_NAME

from vlit_hub import regions
from vlit_hub.processing import batch
from vlit_hub.processing.encoder import Encoder
from vlit_hub.processing.families import Family, family_of
from vlit_hub.processing.masking import Template
from vlit_hub.processing.truncation import Dropped, Encoded
from vlit_hub.schema import Sample

log = logging.getLogger("vlit_hub")

FOLDER = "vlit"
"""Where ours lies below the native processor's files."""
ALGORITHM = 5
"""Counted up when the same processor would encode or measure a sample differently."""
FRAMES = 8
"""Of a video, as Video-LLaMA and InternVL show it."""


class VLITConfig(PreTrainedConfig):
    """What ``dir/vlit/config.json`` holds; ties ``VLITProcessor`` to ``AutoProcessor``."""

    model_type = "vlit"
    family: str = ""
    dialect: str = ""


class VLITProcessor(ProcessorMixin):
    """Owns messages, masks and truncation; the native processor does the pixels.

    ``chat_template`` replaces the native one (and is saved with it); without either, the family's is taken. A native
    one that opens replies otherwise in a dialogue than for generation is mended as the family says, with a warning.
    ``dialect``: how regions are written; the family's own by default. ``frames``: how many a video is shown by, spread
    over its clip; ``fps``: no more than so many a second of it (0: any). Raises UnknownFamily, NoEndOfTurn, and
    ValueError for an unknown dialect, or frames that the family cannot show.
    """

    def __init__(
        self,
        native: ProcessorMixin,
        chat_template: str | None = None,
        dialect: str | None = None,
        frames: int = FRAMES,
        fps: float = 0.0,
    ) -> None:
        if frames < 1:
            raise ValueError(f"frames: {frames} of a video, at least 1 is needed")
        if not 0 <= fps < 1e6:
            raise ValueError(f"fps: {fps} frames of a video a second, a number from 0 (any) on is needed")
        self.frames, self.fps = frames, fps
        self.family: Family = family_of(native)
        videos = self.family.native_videos(native)
        if fps and videos and videos.exact:
            raise ValueError(f"fps: family {self.family.name} shows every video by one number of frames; set frames")
        own = native.chat_template
        source = chat_template or (own.get("default") if isinstance(own, dict) else own) or self.family.template
        self.native: Any = copy.copy(native)
        self.native.chat_template = source
        if self.family.adapt is not None:
            self.family.adapt(self.native)
        self.dialect: str = regions.dialect(dialect or self.family.dialect).name
        self.tokenizer = native.tokenizer
        self.image_processor = native.image_processor
        places = (self.family.placeholder, *(["video_token"] if videos else []))
        tokens = [getattr(self.native, name) for name in places]
        template = Template(self.native, source, *tokens)
        if not chat_template and not template.opens_alike:
            template = self._mended(template, tokens)
        self.native.chat_template = self.chat_template = template.source
        self.encoder = Encoder(self.family, self.native, template, self.dialect, frames, fps)

    def _mended(self, template: Template, tokens: list[str]) -> Template:
        """The template of the checkpoint in the words of ``family.mends``, where these make it open a reply in a
        dialogue as for generation; else as it is (``vlit verify`` says so)."""
        source = template.source
        for wrong, right in self.family.mends.items():
            source = source.replace(wrong, right)
        if source == template.source:
            return template
        mended = Template(self.native, source, *tokens)
        if not mended.opens_alike:
            return template
        log.warning(
            "%s: the chat template of the checkpoint opens replies otherwise in a dialogue than for generation; "
            "dialogues are now opened as for generation, and the template is saved so (chat_template= sets another)",
            self.family.name,
        )
        return mended

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self.native).__name__}, dialect={self.dialect!r})"

    @classmethod
    def get_attributes(cls) -> list[str]:
        """None that transformers should save or load one by one: :meth:`save_pretrained` does it."""
        return []

    @property
    def model_input_names(self) -> list[str]:
        """Those of the native processor."""
        return self.native.model_input_names

    def showing(self, frames: int, fps: float) -> VLITProcessor:
        """The processor with other frames of a video; raises ValueError as the constructor does."""
        if (frames, fps) == (self.frames, self.fps):
            return self
        return type(self)(self.native, self.native.chat_template, self.dialect, frames, fps)

    # -- encoding ------------------------------------------------------------------------------------------------------

    def encode(self, sample: Sample, max_length: int) -> Encoded:
        """Token ids and labels of a sample within ``max_length`` tokens; no pixels are read.

        Loss falls on the answers of train=true assistant turns and on their end-of-turn tokens only. What does not
        fit is left out in the order of truncation.py. Raises MaskError, naming the sample, where supervision cannot
        be told exactly: labels are never blanked silently.
        """
        return self.encode_all([sample], max_length)[0]

    def encode_all(self, samples: Sequence[Sample], max_length: int) -> list[Encoded]:
        """:meth:`encode` of several samples, tokenised together."""
        return self.encoder.encode(samples, max_length)

    def prompt(self, sample: Sample) -> Encoded:
        """Token ids of a sample as training shows them, up to where the template has opened the reply to it.

        All of it is context: nothing is supervised, nothing left out. Raises Dropped, and MaskError where the pictures
        of the text cannot be told.
        """
        return self.encoder.prompt(sample)

    def least_picture(self) -> int:
        """Tokens that a picture takes at least, within the lowest budget."""
        budget = self.family.budgets(self.native)[-1]
        return min(self.family.image_tokens(self.native, [(side, side)], budget)[0] for side in (32, 336, 1024))

    # -- batches -------------------------------------------------------------------------------------------------------

    def pixels(self, sample: Sample, encoded: Encoded) -> dict[str, Tensor]:
        """The kept pictures and videos of one sample as the model takes them; raises UnreadableMedia."""
        return batch.join(self.family, batch.pixels(self.family, self.native, [sample], [encoded]))

    def __call__(self, samples: Sequence[Sample], max_length: int) -> dict[str, Tensor]:
        """The samples as one batch for the family's model, labels included, padded on the right.

        Raises Dropped, naming the sample, for one that cannot be trained on at this length.
        """
        encoded = self.encode_all(samples, max_length)
        for sample, one in zip(samples, encoded, strict=True):
            if one.dropped:
                raise Dropped(one.dropped, f"{sample.dataset} {sample.id}: {one.detail}")
        return self._batch(samples, encoded, "right")

    def prompts(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        """The :meth:`prompt` of each sample as one batch for ``model.generate``, padded on the left; raises
        UnreadableMedia too."""
        encoded = [self.prompt(sample) for sample in samples]
        made = self._batch(samples, encoded, "left")
        del made["labels"]
        return made

    def _batch(self, samples: Sequence[Sample], encoded: Sequence[Encoded], side: batch.Side) -> dict[str, Tensor]:
        pictures = batch.pixels(self.family, self.native, samples, encoded)
        return batch.pad(self.family, self.native, encoded, side) | batch.join(self.family, pictures)

    def decode_example(self, encoded: Encoded) -> str:
        """The sample as the model sees it: supervised stretches in ⟦ ⟧, each picture once with its token count."""
        out, at = [], 0
        for turn in encoded.turns:
            out.append(self._readable(encoded.input_ids[at : turn.start]))
            out.append(f"⟦{self._readable(encoded.input_ids[turn.start : turn.stop])}⟧")
            at = turn.stop
        out.append(self._readable(encoded.input_ids[at:]))
        text = "".join(out)
        for token in dict.fromkeys(self.tokenizer.convert_ids_to_tokens(list(self.encoder.tokens))):

            def counted(run: re.Match, token: str = token) -> str:
                return f"{token[:-1]} x {len(run.group()) // len(token)}{token[-1:]}"

            text = re.sub(f"(?:{re.escape(token)})+", counted, text)
        return text

    def _readable(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)

    # -- saving and loading --------------------------------------------------------------------------------------------

    @cached_property
    def _hash(self) -> str:
        native = {k: v for k, v in self.native.to_dict().items() if k != "processor_class"}
        written = repr(self.family.write(self.native, [(640, 480)], None))  # what no native class saves (Kosmos-2)
        parts = [ALGORITHM, self.family.name, self.dialect, self.frames, self.fps, self.chat_template, native, written]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode())
        tokenizer = json.loads(self.tokenizer.backend_tokenizer.to_str())
        calls = {"padding", "truncation"}  # left behind by whoever called it last
        kept = {key: value for key, value in tokenizer.items() if key not in calls}
        digest.update(json.dumps(kept, sort_keys=True).encode())
        return digest.hexdigest()

    def fingerprint(self, max_length: int) -> str:
        """16 hexadecimal digits over everything that decides lengths and labels at ``max_length``."""
        return hashlib.sha256(f"{self._hash} {max_length}".encode()).hexdigest()[:16]

    def save_pretrained(self, save_directory: str | os.PathLike, push_to_hub: bool = False) -> list[str]:  # type: ignore[override]
        """Write the native processor to ``dir`` (it loads without vlit_hub) and ours to ``dir/vlit``.

        ``push_to_hub`` is refused: ``vlit push`` publishes, cards included.
        """
        if push_to_hub:
            raise ValueError("push_to_hub: save, then `vlit push` the folder")
        root = Path(save_directory)
        files = self.native.save_pretrained(root)
        ours = root / FOLDER
        ours.mkdir(parents=True, exist_ok=True)
        settings: dict[str, Any] = {"family": self.family.name, "dialect": self.dialect, "frames": self.frames}
        settings |= {"fps": self.fps} if self.fps else {}
        settings["processor_class"] = type(self).__name__
        (ours / PROCESSOR_NAME).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        VLITConfig(family=self.family.name, dialect=self.dialect).save_pretrained(ours)
        return [*files, str(ours / PROCESSOR_NAME)]

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls,
        pretrained_model_name_or_path: str | os.PathLike,
        cache_dir: str | Path | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        token: str | bool | None = None,
        revision: str | None = None,
        subfolder: str = "",
        trust_remote_code: bool | None = None,
        _from_auto: bool = True,
    ) -> VLITProcessor:
        """From ``dir``, ``dir/vlit``, or a Hub repo (read by snapshot first).

        A folder that holds only a native processor gives that one wrapped with its family's settings. No remote code
        is run: ``trust_remote_code`` is taken for AutoProcessor's sake and changes nothing.
        """
        folder = Path(pretrained_model_name_or_path)
        if not folder.is_dir():
            from huggingface_hub import snapshot_download

            folder = Path(
                snapshot_download(
                    str(pretrained_model_name_or_path),
                    revision=revision,
                    cache_dir=cache_dir,
                    force_download=force_download,
                    local_files_only=local_files_only,
                    token=token,
                    allow_patterns=["*.json", "*.jinja", "*.model", "*.txt"],
                )
            )
        return cls._from_folder(folder / subfolder)

    @classmethod
    def _from_folder(cls, folder: Path) -> VLITProcessor:
        settings = _settings(folder)
        if settings.get("processor_class") == cls.__name__:
            root = folder.absolute().parent
            if not (root / PROCESSOR_NAME).is_file():
                raise OSError(f"{root}: no native processor there; {folder} lies in the folder of one")
        else:
            root, settings = folder, _settings(folder / FOLDER)
        native, saved = AutoProcessor.from_pretrained(root), root / CHAT_TEMPLATE_FILE
        # Kosmos2Processor, Blip2Processor, InstructBlipProcessor and IdeficsProcessor forget the template they saved.
        template = saved.read_text(encoding="utf-8") if native.chat_template is None and saved.is_file() else None
        return cls(
            native,
            chat_template=template,
            dialect=settings.get("dialect"),
            frames=settings.get("frames", FRAMES),
            fps=settings.get("fps", 0.0),
        )


def _settings(folder: Path) -> dict[str, Any]:
    path = folder / PROCESSOR_NAME
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
