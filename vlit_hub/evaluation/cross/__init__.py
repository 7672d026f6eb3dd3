"""Cross-evaluation: one base tuned on each candidate, every result scored on every benchmark. One file per step."""
