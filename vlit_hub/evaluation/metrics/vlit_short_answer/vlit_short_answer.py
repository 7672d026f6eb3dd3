"""Exact match of short answers in normal form, overall, per instruction type and per ability, with clustered intervals.

``evaluate.load("<this folder>")`` works offline. Our own metric, in the manner of VQA's answer normalisation.
"""

import datasets
import evaluate

from vlit_hub.evaluation.answers import is_right
from vlit_hub.evaluation.intervals import mean_interval

_DESCRIPTION = (
    "Share of predictions that equal, after normalisation (case, punctuation, articles, number words), any of the"
    " alternative reference answers; with n and a 95 % interval from a bootstrap clustered by group."
)
_KWARGS = """
Args:
    predictions: list of n answers (str).
    references: list of n lists of alternative answers (str); an empty list raises ValueError.
    groups: n names of pictures or native records, optional; intervals never cut a group. Default: every row its own.
    abilities: n names, optional: one more set of figures, keyed by name.
    instruction_types: n names, optional: likewise.
    resamples, seed: of the bootstrap.
Returns:
    accuracy (0..1), n, low, high; abilities and instruction_types: name -> the same four, where given.
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class VLITShortAnswer(evaluate.Metric):
    """The ``evaluate`` face of vlit_hub.evaluation's scoring."""

    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_KWARGS,
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.List(datasets.Value("string"))}
            ),
        )

    def _compute(
        self,
        predictions,
        references,
        groups=None,
        abilities=None,
        instruction_types=None,
        resamples=1000,
        seed=0,
    ):
        for i, alternatives in enumerate(references):
            if not alternatives:
                raise ValueError(f"references[{i}] is empty: leave such rows out and count them, they are unanswerable")
        right = [is_right(said, alternatives) for said, alternatives in zip(predictions, references, strict=True)]
        groups = list(range(len(right))) if groups is None else groups
        result = _figures(right, groups, range(len(right)), resamples, seed)
        for key, names in (("abilities", abilities), ("instruction_types", instruction_types)):
            if names is None:
                continue
            if len(names) != len(right):
                raise ValueError(f"{key}: {len(names)} names for {len(right)} predictions")
            result[key] = {
                name: _figures(right, groups, [i for i, n in enumerate(names) if n == name], resamples, seed)
                for name in sorted(set(names))
            }
        return result


def _figures(right, groups, rows, resamples, seed):
    found = mean_interval([right[i] for i in rows], [groups[i] for i in rows], resamples=resamples, seed=seed)
    return {"accuracy": found.value, "n": found.n, "low": found.low, "high": found.high}
