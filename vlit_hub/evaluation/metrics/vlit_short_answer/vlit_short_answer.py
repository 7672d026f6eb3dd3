"""Exact match of short answers in normal form, in the manner of VQA's answer normalisation; ours.

``evaluate.load("<this folder>")`` works offline.
"""

import datasets
import evaluate

from vlit_hub.evaluation.answers import is_right
from vlit_hub.evaluation.metric import KWARGS, answered, figures

_DESCRIPTION = "Share of predictions that equal, in normal form, any of the alternative reference answers."
_KWARGS = """
Args:
    predictions: list of n answers (str).
    references: list of n lists of alternative answers (str); an empty list raises ValueError.
""" + KWARGS.format(score="accuracy").lstrip("\n")


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class VLITShortAnswer(evaluate.Metric):
    """The ``evaluate`` face of vlit_hub.evaluation.scoring."""

    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_KWARGS,
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.List(datasets.Value("string"))}
            ),
        )

    def _compute(self, predictions, references, **given):
        answered(references)
        right = [is_right(said, alternatives) for said, alternatives in zip(predictions, references, strict=True)]
        return figures("accuracy", right, **given)
