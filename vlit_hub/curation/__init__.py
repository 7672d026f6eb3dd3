"""Curation: the survey's principles measured by indicators of our own, and selections made by them."""
