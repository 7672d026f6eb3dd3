"""CIDEr-D of captions, equal to pycocoevalcap's on the same tokens.

``evaluate.load("<this folder>")`` works offline.
"""

import datasets
import evaluate

from vlit_hub.evaluation.metric import KWARGS, answered, figures
from vlit_hub.evaluation.scoring.captions import cider

_DESCRIPTION = "CIDEr-D of captions against those of people, on lower-case words and numbers (0..10)."
_KWARGS = """
Args:
    predictions: list of n captions (str).
    references: list of n lists of people's captions (str); an empty list raises ValueError.
""" + KWARGS.format(score="cider").lstrip("\n")


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS)
class VLITCider(evaluate.Metric):
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
        return figures("cider", cider(predictions, references), **given)
