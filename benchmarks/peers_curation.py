"""data-juicer's own operations over the texts of benchmarks/curation.py; runs in its environment, imports nothing of
ours."""

from __future__ import annotations

import time


def _dataset(folder: str):  # type: ignore[no-untyped-def]
    import datasets
    from data_juicer.core.data import NestedDataset

    datasets.disable_progress_bars()
    rows = datasets.load_dataset("json", data_files=f"{folder}/made.jsonl", split="train", cache_dir=f"{folder}/cache")
    return NestedDataset(rows)


def near(folder: str) -> dict[str, float]:
    """document_minhash_deduplicator: word shingles of 3, 64 permutations, threshold 0.7; samples per second."""
    from data_juicer.ops.deduplicator.document_minhash_deduplicator import DocumentMinhashDeduplicator

    made = _dataset(folder)
    operation = DocumentMinhashDeduplicator(
        tokenization="space", window_size=3, num_permutations=64, jaccard_threshold=0.7, num_proc=1
    )
    started = time.perf_counter()
    kept = operation.run(made)
    return {"rate": len(made) / (time.perf_counter() - started), "kept": len(kept)}


def lengths(folder: str) -> dict[str, float]:
    """text_length_filter, words_num_filter, word_repetition_filter: statistics of each sample; samples per second."""
    from data_juicer.ops.filter.text_length_filter import TextLengthFilter
    from data_juicer.ops.filter.word_repetition_filter import WordRepetitionFilter
    from data_juicer.ops.filter.words_num_filter import WordsNumFilter

    made = _dataset(folder)
    started = time.perf_counter()
    kept = made
    for operation in (
        TextLengthFilter(num_proc=1), WordsNumFilter(num_proc=1), WordRepetitionFilter(rep_len=2, num_proc=1),
    ):  # fmt: skip
        kept = operation.run(kept)
    return {"rate": len(made) / (time.perf_counter() - started), "kept": len(kept)}
