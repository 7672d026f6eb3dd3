"""Evaluation: short answers per ability and instruction type, every accuracy beside its controls, with intervals."""

from vlit_hub.evaluation.abilities import ability_of
from vlit_hub.evaluation.answers import is_right, normalise
from vlit_hub.evaluation.evaluate_model import CONTROLS, evaluate, evaluate_answers
from vlit_hub.evaluation.intervals import Interval, mean_interval, paired_interval
from vlit_hub.evaluation.predict import predict
from vlit_hub.evaluation.report import EvalReport, EvalRow, Prediction

__all__ = [
    "CONTROLS",
    "EvalReport",
    "EvalRow",
    "Interval",
    "Prediction",
    "ability_of",
    "evaluate",
    "evaluate_answers",
    "is_right",
    "mean_interval",
    "normalise",
    "paired_interval",
    "predict",
]
