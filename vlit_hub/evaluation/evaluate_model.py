"""``evaluate``: a model's answers on samples, per ability and instruction type, beside their controls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vlit_hub.chat import NotChat
from vlit_hub.evaluation.abilities import INDICATOR
from vlit_hub.evaluation.benchmarks import LONGEST, parts_of, read_box, scoring_of, versions
from vlit_hub.evaluation.cache import ReplyCache, fingerprint_of
from vlit_hub.evaluation.controls import (
    BLIND,
    Blind,
    Shown,
    blind,
    donors,
    majority_answers,
    majority_predictions,
    questions_of,
    shown_of,
    with_pictures_of,
)
from vlit_hub.evaluation.intervals import WORDS, mean_interval, paired_interval
from vlit_hub.evaluation.predict import MAX_NEW_TOKENS, predict
from vlit_hub.evaluation.questions import Question, Unanswerable, asked_sample, question_of
from vlit_hub.evaluation.report import MODEL, EvalReport, EvalRow, Kind, Prediction
from vlit_hub.evaluation.scorers import SCORERS, Scorer, scorer_of
from vlit_hub.schema import Sample
from vlit_hub.shards import Store

if TYPE_CHECKING:
    from transformers import PreTrainedModel, ProcessorMixin

CONTROLS = ("majority", "blind", "shuffled")
UNTUNED = "untuned"
BATCH_SIZE = 8
BLIND_WORDS: Mapping[Blind, str] = {
    "removed": "picture removed from the prompt",
    "grey": "grey picture of the same size",
}

Answerer = Callable[[Sequence[Sample]], Sequence[str]]
"""Replies to one batch of samples whose last message is the question; raises NotChat for one that it cannot take."""
Progress = Callable[[int, int], None]


class Source(Protocol):
    """Samples by number: a list of Samples, or a vlit_hub.shards.Store."""

    def __len__(self) -> int: ...

    def __getitem__(self, row: int, /) -> Sample: ...


def evaluate(
    source: Source,
    model: PreTrainedModel,
    processor: ProcessorMixin,
    *,
    scoring: str = "exact",
    labels: Mapping[str, str] | None = None,
    controls: Sequence[str] = CONTROLS,
    untuned: PreTrainedModel | None = None,
    training: Iterable[Sample] | None = None,
    limit: int | None = None,
    seed: int = 0,
    batch_size: int = BATCH_SIZE,
    max_new_tokens: int | None = None,
    cache: ReplyCache | None = None,
    progress: Progress | None = None,
) -> EvalReport:
    """Answers of ``model`` (and of ``untuned``, on the same samples), scored.

    ``processor``: a VLITProcessor or a native one of a known family. ``scoring``: of spec.SCORINGS, or ``auto``: that
    of the dataset's spec; multiple choice is answered by likelihood, all else by greedy generation, by default as long
    as the scoring asks for. ``labels``: sample id -> ability, any names. ``controls``: of CONTROLS. ``training``:
    samples to fit the majority answer on, not together with ``labels``; else it is fitted on the evaluated set, which
    flatters it. ``limit``: that many samples drawn by ``seed``. ``cache``: replies known from before. ``progress``:
    (samples done, in all) over all runs. Samples that cannot be scored are counted in ``unanswerable``. The report's
    settings name the models (no local paths) and, of a Store, the index, the splits and the number of samples. Raises
    ValueError for an unknown control or scoring and for ``training`` with ``labels``, and UnknownFamily.
    """
    from vlit_hub.evaluation import likelihood
    from vlit_hub.processing import VLITProcessor

    ours = processor if isinstance(processor, VLITProcessor) else VLITProcessor(processor)
    splits = source.index.splits if isinstance(source, Store) else ()
    scoring = scoring_of([entry.dataset for entry in splits]) if scoring == "auto" else scoring
    scorer = scorer_of(scoring, partial(read_box, ours))
    tokens = max_new_tokens or LONGEST.get(scoring, MAX_NEW_TOKENS)
    facts: dict[str, Any] = {"max_new_tokens": tokens, "decoding": "greedy"}
    if scoring == "multiple_choice":
        facts = {"decoding": f"options by likelihood; {likelihood.how(ours)}"}

    def ask(asked: PreTrainedModel) -> Answerer:
        if scoring == "multiple_choice":
            answer: Answerer = partial(likelihood.choose, asked, ours)
        else:
            answer = partial(predict, asked, ours, max_new_tokens=tokens)
        if cache is None:
            return answer
        return cache.over(answer, [fingerprint_of(asked), ours.fingerprint(0), scoring == "multiple_choice", tokens])

    return evaluate_answers(
        source,
        ask(model),
        untuned=None if untuned is None else ask(untuned),
        labels=labels,
        controls=controls,
        blind_how=BLIND.get(model.config.model_type, "removed"),
        training=training,
        limit=limit,
        seed=seed,
        batch_size=batch_size,
        scoring=scoring,
        scorer=scorer,
        part_of=parts_of([(entry.dataset, entry.subset, entry.split) for entry in splits]),
        settings=facts | {"model": _name(model)} | ({} if untuned is None else {UNTUNED: _name(untuned)}),
        progress=progress,
    )


def evaluate_answers(
    source: Source,
    answer: Answerer,
    *,
    untuned: Answerer | None = None,
    labels: Mapping[str, str] | None = None,
    controls: Sequence[str] = CONTROLS,
    blind_how: Blind = "removed",
    training: Iterable[Sample] | None = None,
    limit: int | None = None,
    seed: int = 0,
    batch_size: int = BATCH_SIZE,
    scoring: str = "exact",
    scorer: Scorer | None = None,
    part_of: Callable[[Sample], str] = lambda sample: "",
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> EvalReport:
    """:func:`evaluate` for anything that answers. ``scoring``: of spec.SCORINGS, by ``scorer`` (needed for iou alone).
    ``part_of``: the part of its benchmark that a sample belongs to. ``settings`` are added to the report's."""
    scorer = scorer or SCORERS[scoring]
    if unknown := set(controls) - set(CONTROLS):
        raise ValueError(f"controls: {sorted(unknown)}; allowed: {', '.join(CONTROLS)} (untuned is an argument)")
    if labels is not None and training is not None:
        raise ValueError(
            "training with labels: they name the abilities of the evaluated samples only, so no majority per ability"
            " can be fitted on other samples; leave out labels, or leave out training (then it is fitted on source)"
        )
    rows = _drawn(len(source), limit, seed)
    passes = sum(name != "majority" for name in controls) + (untuned is not None)
    runs = _Runs(source, batch_size, passes, progress)
    questions, said, unanswerable = runs.first(
        rows, answer, lambda sample, row: question_of(sample, row, labels, scoring, part_of(sample))
    )
    systems: dict[str, Sequence[str]] = {MODEL: said}
    per_type: Mapping[str, str] = {}
    facts: dict[str, Any] = {**(settings or {}), "metric": scorer.metric, "scoring": scoring}
    facts |= {"limit": limit, "seed": seed}
    if "majority" in controls:
        fitted, facts["majority"] = _fitted(questions, training, scoring)
        systems["majority"] = majority_predictions(questions, majority_answers(fitted, forms=scorer.forms))
        per_type = majority_answers(fitted, "instruction_type", scorer.forms)
    if "blind" in controls:
        facts["blind"] = BLIND_WORDS[blind_how]
        systems["blind"] = runs.again(questions, answer, lambda _, sample: blind(sample, blind_how))
    if "shuffled" in controls:
        shuffled, facts["shuffled"] = _shuffled(runs, questions, answer, seed)
        systems |= {"shuffled": shuffled} if shuffled is not None else {}
    if untuned is not None:
        systems[UNTUNED] = runs.again(questions, untuned, lambda _, sample: sample)
    predictions = _predictions(questions, systems, scorer)
    sources = Counter(question.ability_source for question in questions)
    facts |= {"controls": [name for name in systems if name != MODEL], "abilities": dict(sorted(sources.items()))}
    facts |= {"ability_rules": INDICATOR} if sources["rules"] else {}
    facts |= {"labels": labels is not None, "training": training is not None}
    facts |= {"data": _data(source)} if isinstance(source, Store) else {}
    facts |= {"unasked": runs.unasked} if runs.unasked else {}
    facts |= {"interval": WORDS}
    return EvalReport(
        samples=len(rows),
        scored=len(questions),
        unanswerable=dict(sorted(unanswerable.items())),
        rows=tuple(_strata(questions, predictions, per_type, scorer, seed)),
        settings=facts,
        predictions=predictions,
    )


def _name(model: PreTrainedModel) -> str:
    """The Hub id that the model was loaded by, or the last part of its path; empty for one that was not loaded."""
    name = model.name_or_path or ""
    return Path(name).resolve().name if name and (Path(name).is_absolute() or Path(name).exists()) else name


def _data(store: Store) -> dict[str, Any]:
    splits = [[entry.dataset, entry.subset, entry.split] for entry in store.index.splits]
    found = {"index": store.index.fingerprint, "splits": splits, "samples": len(store)}
    named = [(entry.dataset, entry.subset, entry.split) for entry in store.index.splits]
    told = versions(named, len(store), [file for entry in store.index.splits for file in entry.facts])
    return found | ({"version": told} if told else {})


def _drawn(total: int, limit: int | None, seed: int) -> list[int]:
    if limit is None or limit >= total:
        return list(range(total))
    if limit < 1:
        raise ValueError(f"limit: {limit}; take at least one sample")
    return sorted(np.random.default_rng(seed).permutation(total)[:limit].tolist())


class _Runs:
    """Passes over the source in batches: what is in memory at once is one batch."""

    def __init__(self, source: Source, batch_size: int, passes: int, progress: Progress | None) -> None:
        self._source, self._size, self._passes, self._progress = source, batch_size, passes, progress
        self._done = self._total = 0
        self.shown: list[Shown] = []
        self.unasked = 0
        """Questions of later passes that could not be asked as they were changed; their reply is empty."""

    def first(
        self, rows: Sequence[int], answer: Answerer, read: Callable[[Sample, int], Question]
    ) -> tuple[list[Question], list[str], Counter[str]]:
        """Questions that were answered, the answers, and reasons of those that cannot be asked or scored."""
        questions: list[Question] = []
        said: list[str] = []
        reasons: Counter[str] = Counter()
        seen: set[tuple[str, ...]] = set()
        self._total = len(rows) * (1 + self._passes)
        for batch in self._batches(rows):
            asked: list[tuple[Question, Sample]] = []
            for row in batch:
                sample = self._source[row]
                key = (sample.dataset, sample.subset, sample.split, sample.id)
                if sample.id and key in seen:
                    reasons["duplicate id"] += 1
                    continue
                seen.add(key)
                try:
                    asked.append((read(sample, row), asked_sample(sample)))
                except Unanswerable as error:
                    reasons[error.reason] += 1
            for (question, sample), reply in zip(asked, _replies(answer, [s for _, s in asked]), strict=True):
                if isinstance(reply, NotChat):
                    reasons[reply.reason.partition(":")[0]] += 1
                    continue
                questions.append(question)
                said.append(reply)
                self.shown.append(shown_of(sample))
        self._total = len(rows) + len(questions) * self._passes
        return questions, said, reasons

    def again(
        self, questions: Sequence[Question], answer: Answerer, change: Callable[[int, Sample], Sample]
    ) -> list[str]:
        """The replies to the same questions, each sample changed by ``change(position, sample)``."""
        said: list[str] = []
        for batch in self._batches(range(len(questions))):
            replies = _replies(answer, [change(i, asked_sample(self._source[questions[i].row])) for i in batch])
            self.unasked += sum(isinstance(reply, NotChat) for reply in replies)
            said += ["" if isinstance(reply, NotChat) else reply for reply in replies]
        return said

    def asked(self, question: Question) -> Sample:
        """The sample of a question, up to the question."""
        return asked_sample(self._source[question.row])

    def _batches(self, rows: Sequence[int]) -> Iterator[Sequence[int]]:
        for start in range(0, len(rows), self._size):
            batch = rows[start : start + self._size]
            yield batch
            self._done += len(batch)
            if self._progress:
                self._progress(self._done, self._total)


def _replies(answer: Answerer, samples: Sequence[Sample]) -> list[str | NotChat]:
    """One reply each; a batch that holds a sample which cannot be asked is asked one by one."""
    if not samples:
        return []
    try:
        return list(answer(samples))
    except NotChat as error:
        if len(samples) == 1:
            return [error]
        return [reply for sample in samples for reply in _replies(answer, [sample])]


def _fitted(
    questions: Sequence[Question], training: Iterable[Sample] | None, scoring: str
) -> tuple[Sequence[Question], str]:
    """What the majority answer is fitted on, and how to say so."""
    fitted = questions if training is None else questions_of(training, scoring=scoring)
    where = "the evaluated set" if training is None else "the training answers"
    return fitted, (
        "most frequent answer per ability (in rows of an instruction type: per type),"
        f" fitted on {where} ({len(fitted)} questions)"
    )


def _shuffled(runs: _Runs, questions: Sequence[Question], answer: Answerer, seed: int) -> tuple[list[str] | None, str]:
    giver = donors(questions, runs.shown, seed)
    if questions and not any(donor is not None for donor in giver):
        return None, "not run: it needs pictures of at least two groups"

    def swap(i: int, sample: Sample) -> Sample:
        donor = giver[i]
        return sample if donor is None else with_pictures_of(sample, runs.asked(questions[donor]))

    return runs.again(questions, answer, swap), "pictures of another group (derangement over groups)"


def _predictions(
    questions: Sequence[Question], systems: Mapping[str, Sequence[str]], scorer: Scorer
) -> tuple[Prediction, ...]:
    scores = {name: scorer.score(questions, replies) for name, replies in systems.items()} if questions else {}
    return tuple(
        Prediction(
            question.row,
            question.id,
            question.group,
            question.ability,
            question.instruction_type,
            question.text,
            question.references,
            {name: replies[i] for name, replies in systems.items()},
            {name: values[i] for name, values in scores.items()},
        )
        for i, question in enumerate(questions)
    )


def _strata(
    questions: Sequence[Question],
    predictions: Sequence[Prediction],
    per_type: Mapping[str, str],
    scorer: Scorer,
    seed: int,
) -> Iterator[EvalRow]:
    """``per_type``: the majority answer of each instruction type; empty where that control was not asked for."""
    if not predictions:
        return
    right = [dict(p.right) for p in predictions]

    def row(kind: Kind, name: str, members: Sequence[int]) -> EvalRow:
        made = _row(kind, name, members, predictions, right, seed)
        said = [predictions[i].said[MODEL] for i in members]
        scores = [predictions[i].right[MODEL] for i in members]
        return replace(made, figures=scorer.figures([questions[i] for i in members], said, scores))

    def each(kind: Kind, names: Sequence[str]) -> Iterator[EvalRow]:
        for name in sorted(set(names)):
            yield row(kind, name, [i for i, found in enumerate(names) if found == name])

    yield row("all", "", range(len(predictions)))
    parts = [question.part for question in questions]
    if len(set(parts)) > 1:
        yield from each("part", parts)
    yield from each("ability", [p.ability for p in predictions])
    if per_type:
        constants = [per_type.get(p.instruction_type, per_type[""]) for p in predictions]
        for scores, value in zip(right, scorer.score(questions, constants), strict=True):
            scores["majority"] = value
    yield from each("instruction_type", [p.instruction_type for p in predictions])


def _row(
    kind: Kind,
    name: str,
    members: Sequence[int],
    predictions: Sequence[Prediction],
    right: Sequence[Mapping[str, float]],
    seed: int,
) -> EvalRow:
    groups = [predictions[i].group for i in members]
    scores = {system: [right[i][system] for i in members] for system in right[0]}
    model = scores.pop(MODEL)
    found = mean_interval(model, groups, seed=seed)
    return EvalRow(
        kind=kind,
        name=name,
        n=found.n,
        groups=found.groups,
        accuracy=found.value,
        low=found.low,
        high=found.high,
        controls={system: sum(values) / len(values) for system, values in scores.items()},
        gains={system: paired_interval(model, values, groups, seed=seed) for system, values in scores.items()},
    )
