"""The proofs of ``vlit verify``. Knows nothing of processing but the processor handed in."""

from vlit_hub.verify.checks import CHECKS
from vlit_hub.verify.model import Tuned
from vlit_hub.verify.report import CheckRow, Report, verify

__all__ = ["CHECKS", "CheckRow", "Report", "Tuned", "verify"]
