"""Questions about diagrams of three kinds in one file: options that are pictures, options that are texts, a blank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vlit_hub.formats.base_qa import index_of, question_answer, reference, texts
from vlit_hub.formats.choices import LETTERS
from vlit_hub.formats.fields import meta_json, text_field
from vlit_hub.schema import Media, Message, Part, Sample
from vlit_hub.spec import BadRecord, Context

FOLDER = "{split}/{ques_type}/{key}/"
"""Where the pictures of a record lie, below the folder ``iconqa`` of the release."""


def diagram_question(record: Mapping[str, Any], ctx: Context, *, meta_keys: Iterable[str] = ()) -> Iterator[Sample]:
    """One Sample per record, keyed by its number: ``ques_type`` choose_img, choose_txt or fill_in_blank.

    Of pictures (file names under ``choices``) each stands behind its letter, and the letter is the answer; of texts and
    blanks the text is. The table ``skills`` (number -> list), where it is there, adds the meta ``skills``. Follows
    IconQA's run_choose_img/dataset.py, run_choose_txt/dataset.py, run_fill_in_blank/dataset.py (which cut the first
    sentence of some questions: here it stays) and tools/generate_img_choice_feature.py.
    """
    kind = text_field(record, "ques_type")
    record = {"question_id": ctx.key, **record}
    if (skills := ctx.tables["skills"].get(ctx.key)) is not None:
        record["skills"] = skills
    image = f"{FOLDER}image.png"
    if kind == "choose_txt":
        yield from question_answer(
            record, ctx, image=image, choices="choices", correct="answer", answer="", meta_keys=meta_keys
        )
    elif kind == "fill_in_blank":
        yield from question_answer(record, ctx, image=image, meta_keys=meta_keys)
    elif kind == "choose_img":
        yield _of_pictures(record, ctx, image, meta_keys)
    else:
        raise BadRecord("ques_type", f"{kind!r:.40} is none of choose_img, choose_txt, fill_in_blank")


def _of_pictures(record: Mapping[str, Any], ctx: Context, image: str, meta_keys: Iterable[str]) -> Sample:
    refs = [reference(image, record, ctx)]
    parts = [Part("image", index=0), Part(text=text_field(record, "question"))]
    names = texts(record, "choices")
    letters = list(LETTERS[: len(names)])
    if not 2 <= len(names) <= len(LETTERS):
        raise BadRecord("choices", f"{len(names)} pictures to choose from")
    for i, (letter, name) in enumerate(zip(letters, names, strict=True)):
        parts += [Part(text=f"\n{letter}. "), Part("image", index=i + 1)]
        refs.append(reference(FOLDER, record, ctx) + name)
    correct = index_of(record, "answer", len(names))
    said = [] if correct < 0 else [Message("assistant", [Part(text=letters[correct])])]
    return Sample(
        messages=[Message("user", parts), *said],
        media=[Media("image", i, ref=ref) for i, ref in enumerate(refs)],
        task="multiple_choice",
        choices=letters,
        correct=correct,
        group=refs[0],
        meta=meta_json(record, [key for key in meta_keys if key not in ("split", "ques_type")]),
    )
