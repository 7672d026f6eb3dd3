"""Intersection over union of boxes, and the share of at least 0.5 (acc@0.5 of RefCOCO).

``evaluate.load("<this folder>")`` works offline.
"""

import datasets
import evaluate

from vlit_hub.evaluation.metric import KWARGS, answered, figures
from vlit_hub.evaluation.scoring.boxes import THRESHOLD, iou

_DESCRIPTION = (
    "Share of predicted boxes whose intersection over union with the reference is at least 0.5; the mean of it beside."
)
_KWARGS = """
Args:
    predictions: list of n boxes [x1, y1, x2, y2] in any unit, or [] where the model gave none.
    references: list of n boxes in the same unit; an empty one raises ValueError.
""" + KWARGS.format(score="accuracy").lstrip("\n")


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class VLITBoxIoU(evaluate.Metric):
    """The ``evaluate`` face of vlit_hub.evaluation.scoring."""

    def _info(self):
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation="",
            inputs_description=_KWARGS,
            features=datasets.Features(
                {
                    "predictions": datasets.List(datasets.Value("float64")),
                    "references": datasets.List(datasets.Value("float64")),
                }
            ),
        )

    def _compute(self, predictions, references, **given):
        answered(references)
        found = [iou(said, box) if said else 0.0 for said, box in zip(predictions, references, strict=True)]
        right = [value >= THRESHOLD for value in found]
        return figures("accuracy", right, **given) | {"mean_iou": sum(found) / len(found)}
