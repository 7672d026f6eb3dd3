"""Every row format: records a second on one core, peak memory, and two workers against one, at 100,000 records.

A record is what the release calls one; where it gives several samples (ten questions of a picture, twenty regions)
each sample counts. Records grow from the hand-written rows that convert whole. Those of SVIT's referring_qa and of
MiniGPT-v2's dialogues all have faults on purpose (broken marks, roles that lie): here they are mended, the same
dialogue as the release writes it. No media lie in the raw folders of the text-only families. One fresh process per
family and measurement, without its imports: ``Release.read`` as a build reads it (raw file -> checked samples and their
JSON), in processor time, and ``load_dataset`` with one and with two processes (raw file -> Arrow file), in wall time.
"""

from __future__ import annotations

import gc
import re
import resource
import tempfile
import time
from itertools import islice
from pathlib import Path

from benchmarks.common import Row, child, main
from benchmarks.native import Family, grow

RECORDS = 100_000
RATE = 20_000.0
RSS = 500.0


def _turns(*texts: str) -> list[dict[str, str]]:
    return [{"from": ("human", "gpt")[i % 2], "value": text} for i, text in enumerate(texts)]


FAMILIES = (
    Family("conversations", "llava_instruct_150k", "conversation_58k.json", "conversation_58k", arrow=True),
    Family("conversations under a key", "coco_arc", "global.json", "global"),
    Family("conversations with boxes in the texts", "lamm", "2D_Instruct/meta_file/vision_task_dialogue_46k.json"),
    Family("captions under a key", "cc_sbu_align", "filter_cap.json"),
    Family("flat questions", "vigc", "VIGC-InstData/part.json"),
    Family("questions of a video", "video_chatgpt", "VideoInstruct100K.json"),
    Family("nested dialogues of a picture", "svit", "data/conversation.json", "conversation"),
    Family("listed questions of a picture", "multimodal_id_v1", "data/multimodal_data_all_generation.txt"),
    Family("lists of questions by key", "ocr_vqa", "dataset.json"),
    Family("alpaca", "multimodal_gpt", "data/alpaca_gpt4/alpaca_gpt4_data.json", "alpaca_gpt4"),
    Family("turns in one text", "multimodal_gpt", "data/baize/quora_chat_data.json", "baize"),
    Family("tool use", "gpt4tools", "gpt4tools_71k.json"),
    Family("csv multiple choice", "pmc_vqa", "train.csv", "v1", arrow=True),
    Family("multiple choice by key", "scienceqa", "problems.json"),
    Family("diagrams with three kinds of answers", "iconqa", "problems.json"),
    Family("dictionary with a second file", "mimic_it", "LA_instructions.json", "LA",
           without=("LA.json",)),
    Family("base64 rows", "m3it", "data/kvqa/a-okvqa/train.jsonl", text_only=False),
    Family("interleaved pictures", "textbind", "train.json"),
    Family("interleaved pictures by name", "sparkles_cc", "annotations/SparklesDialogueCC.json"),
    Family("interleaved pictures by number", "i4", "NLVR2/core/core.json", split="core"),
    Family("spans and boxes in parquet", "grit_20m", "grit-20m/coyo_0_snappy.parquet", arrow=True),
    Family("phrase marks with index lists", "shikra_rd", "GPT4GEN_RD_BoxCoT_train.jsonl", arrow=True),
    Family("phrase marks with inline boxes", "svit", "data/referring_qa.json", "referring_qa",
           mended={"conversations": [{"content": _turns(
               "Where is <st>the boy<ed>?",
               "<st>The boy<ed> [0.1, 0.25, 0.5, 0.75] is next to <st>dogs<ed> [0, 0.5, 0.2, 1], [0.7,0.5,0.9,1].",
           )}] * 3}),
    Family("box lists of turns", "grit_ferret", "git_instruction.json"),
    Family("boxes as location tokens", "pvit", "stage2/1_small_objects.json"),
    Family("numbered objects, a file each", "gpt4roi", "vcr/train.jsonl", text_only=False),
    Family("words and numbers of objects, a file each", "vcr", "vcr1annots/train.jsonl", text_only=False),
    Family("boxes in braces", "minigpt_v2", "multitask_conversation/multitask_conversation.json",
           mended={"conversations": _turns(
               "[refer] where is the cup?", "<p>the cup</p> {<10><20><50><80>}<delim>{<0><0><100><100>}",
               "[identify] what is {<10><20><50><80>}", "a cup",
           )}),
    Family("question of a box", "as_1b", "region_vqa_1m.jsonl"),
    Family("objects of a picture", "grand", "part_1/part_1_1/sa_7.json"),
    Family("prompted tasks", "multiinstruct", "train.jsonl"),
    Family("phrases with boxes in a table", "refcoco", "finetune_refcoco_train.json",
           link=("id", "annotations", "image_id")),
    Family("ratings and critiques", "lvlm_nlf", "LVLM_NLF/helpfulness_nlf.jsonl", "nlf"),
    Family("labelled spans", "m_haldetec", "train_raw.json"),
    Family("generated pictures", "nextgpt_t2m", "image_t2x.json"),
    Family("generated media of four kinds", "nextgpt_mosit", "mosit.json"),
    Family("articles with pictures", "dreamllm", "mmc4_instruct_filtered224/part0.json"),
    Family("point clouds", "pointllm", "PointLLM_complex_instruction_70K.json"),
    Family("videos", "valley_instruct", "Valley_instruct_73k.json", "73k"),
    Family("videos with sound", "multis", "audiovideo_conversation_10k.json"),
    Family("sounds", "bubogpt", "Clotho-detail-annotation.json", "clotho_detail"),
    Family("captions", "coco_captions", "coco_karpathy_train.json"),
    Family("base set, dictionary", "gqa", "train_balanced_questions.json", arrow=True),
    Family("base set, dialogues by number", "visdial", "visdial_1.0_train.json"),
    Family("base set, captions of a picture", "flickr30k", "dataset_flickr30k.json"),
)  # fmt: skip


def _peak() -> float:
    """Most memory of this process (which ru_maxrss does not tell: it begins with the parent's) or a child, in MB."""
    own = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert own is not None
    return max(int(own.group(1)), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


clock = time.process_time
"""One core's work is told in processor time: what else runs on the machine does not count."""


def read(name: str, subset: str, split: str, raw: str) -> dict[str, float]:
    """Raw file -> checked samples and their JSON, on one core, as a build reads it."""
    from vlit_hub import registry
    from vlit_hub.release import Release, paused_collector

    release = Release(registry.get(name), Path(raw), subset)
    size = sum(path.stat().st_size for _, path in release.files[split])
    gc.collect()
    started = clock()
    outcomes = release.read(split)
    records = samples = 0
    seen = -1
    while records > seen:
        seen = records
        with paused_collector():
            for outcome in islice(outcomes, 500):
                records += 1
                samples += len(outcome.encoded)
    seconds = clock() - started
    return {"records": records, "samples": samples, "seconds": seconds, "bytes": size, "rss": _peak()}


def load(name: str, subset: str, split: str, raw: str, cache: str, processes: str) -> dict[str, float]:
    """Raw file -> Arrow dataset."""
    import datasets

    import vlit_hub

    datasets.disable_progress_bars()
    started = time.perf_counter()
    found = vlit_hub.load_dataset(
        name, subset or None, data_dir=raw, cache_dir=cache, split=split, num_proc=int(processes)
    )
    seconds = time.perf_counter() - started
    return {"samples": len(found), "seconds": seconds, "rss": _peak()}  # type: ignore[arg-type]


def measure(family: Family, records: int = RECORDS) -> list[Row]:
    """The rows of one family."""
    with tempfile.TemporaryDirectory() as work:
        raw = grow(family, Path(work) / "raw", records)
        place = (family.name, family.subset, family.split, str(raw))
        found = child("benchmarks.formats", "read", *place)
        count = max(found["records"], found["samples"])
        per = found["seconds"]
        title = (
            f"{family.what} ({family.name}), {found['bytes'] / found['records']:.0f} bytes and"
            f" {found['samples'] / found['records']:.1f} samples a record, {found['bytes'] / per / 1e6:.1f} MB/s"
        )
        rate, rss = count / per, found["rss"]
        rows = [
            Row(f"records/s, {title}", rate, "20,000", RATE, rate / RATE, 1.0 if family.text_only else None),
            Row(f"peak RSS in MB, {family.what}", rss, "500 MB", RSS, RSS / rss, 1.0),
        ]
        if not family.arrow:
            return rows
        one, two = (child("benchmarks.formats", "load", *place, f"{work}/cache{n}", str(n)) for n in (1, 2))
        rate = one["samples"] / one["seconds"]
        rows += [
            Row(f"samples/s, raw -> Arrow, {family.what}", rate, "20,000", RATE, rate / RATE, 1.0),
            Row(f"samples/s, raw -> Arrow, two workers, {family.what}", two["samples"] / two["seconds"], "one worker",
                rate, one["seconds"] / two["seconds"], 1.5),
        ]  # fmt: skip
        worst = max(one["rss"], two["rss"])
        return [*rows, Row(f"peak RSS in MB, raw -> Arrow, {family.what}", worst, "500 MB", RSS, RSS / worst, 1.0)]


def bench() -> list[Row]:
    """All rows."""
    return [row for family in FAMILIES for row in measure(family)]


if __name__ == "__main__":
    main("formats", bench, ("vlit_hub", "datasets", "pyarrow", "msgspec"))
