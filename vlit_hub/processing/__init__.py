"""Batches: families, processor, masks, truncation, measure, collator. Importing it registers with AutoProcessor."""

from transformers import AutoConfig, AutoProcessor

from vlit_hub.processing.collator import LengthMismatch, VLITCollator
from vlit_hub.processing.families import FAMILIES, Family, FamilyError, UnknownFamily, family_of
from vlit_hub.processing.masking import MaskError, NoEndOfTurn, Turn
from vlit_hub.processing.measure import Measured, measure
from vlit_hub.processing.processor import VLITConfig, VLITProcessor
from vlit_hub.processing.truncation import REASONS, Dropped, Encoded

AutoConfig.register(VLITConfig.model_type, VLITConfig, exist_ok=True)
AutoProcessor.register(VLITConfig, VLITProcessor, exist_ok=True)

__all__ = [
    "FAMILIES",
    "REASONS",
    "Dropped",
    "Encoded",
    "Family",
    "FamilyError",
    "LengthMismatch",
    "MaskError",
    "Measured",
    "NoEndOfTurn",
    "Turn",
    "UnknownFamily",
    "VLITCollator",
    "VLITConfig",
    "VLITProcessor",
    "family_of",
    "measure",
]
