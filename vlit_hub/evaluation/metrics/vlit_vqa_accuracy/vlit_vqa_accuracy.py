"""VQA accuracy, equal to visualqa.org's own figures.

``evaluate.load("<this folder>")`` works offline.
"""

import datasets
import evaluate

from vlit_hub.evaluation.metric import KWARGS, answered, figures
from vlit_hub.evaluation.scoring.vqa import vqa_accuracy

_DESCRIPTION = "VQA accuracy: an answer is as right as a third of the people who gave it, at most 1."
_KWARGS = """
Args:
    predictions: list of n answers (str).
    references: list of n lists of people's answers (str, duplicates kept); an empty list raises ValueError.
""" + KWARGS.format(score="vqa_accuracy").lstrip("\n")


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class VLITVQAAccuracy(evaluate.Metric):
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
        scores = [vqa_accuracy(said, answers) for said, answers in zip(predictions, references, strict=True)]
        return figures("vqa_accuracy", scores, **given)
