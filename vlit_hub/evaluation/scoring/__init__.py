"""How answers are scored, one file per way: figures of single answers, no models."""
