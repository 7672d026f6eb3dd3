"""Tuning: which modules train (settings), the Trainer, one run from a recipe."""
