"""CHAIR of captions: objects that they name and their pictures do not show, of COCO's 80 labels.

``evaluate.load("<this folder>")`` works offline.
"""

import datasets
import evaluate

from vlit_hub.evaluation.metric import KWARGS, answered, figures
from vlit_hub.evaluation.scoring.chair import chair, chair_i, coverage, named_each

_DESCRIPTION = (
    "CHAIR_s and CHAIR_i of captions against the annotated objects and people's captions (0..1, less is better)."
)
_KWARGS = (
    """
Args:
    predictions: list of n captions (str).
    references: list of n lists of the labels annotated in the picture (str); an empty list raises ValueError.
    captions: n lists of people's captions, optional: what they name is in the picture too.
"""
    + KWARGS.format(score="chair_s").lstrip("\n")
    + """    chair_i, objects (named by a caption on average), coverage (share of the annotated labels named): over all.
"""
)


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class VLITChair(evaluate.Metric):
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

    def _compute(self, predictions, references, captions=None, **given):
        answered(references)
        people = captions or [()] * len(predictions)
        found = [chair(*row) for row in zip(predictions, references, people, strict=True)]
        told = {"chair_i": chair_i(found), "objects": named_each(found), "coverage": coverage(found)}
        return figures("chair_s", [float(bool(one.absent)) for one in found], **given) | told
