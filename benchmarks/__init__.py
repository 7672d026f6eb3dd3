"""Numbers with the peer in the same run. ``python -m benchmarks`` runs all and writes benchmarks/RESULTS.md."""
