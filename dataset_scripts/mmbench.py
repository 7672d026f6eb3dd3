"""MMBench: multiple-choice questions along twenty abilities, with the pictures in the table.

Paper: https://arxiv.org/abs/2307.06281. Data: https://github.com/open-compass/MMBench.
Reader: haotian-liu/LLaVA @c121f0432da27facab705978f83c4ada465e46fd llava/eval/model_vqa_mmbench.py:32-93.
"""

from functools import partial

from vlit_hub.formats.benchmarks import table_choice
from vlit_hub.spec import DatasetSpec, Files, Table

META = ("category", "l2-category", "source", "comment", "split")
NAMES = {
    ("default", "dev"): (("mmbench_dev_2023*.tsv",), ("mmbench_dev_en_*.tsv",), ("MMBench_DEV_EN*.tsv",)),
    ("default", "test"): (("mmbench_test_2023*.tsv",), ("mmbench_test_en_*.tsv",), ("MMBench_TEST_EN*.tsv",)),
    ("cn", "dev"): (("mmbench_dev_cn_*.tsv",), ("MMBench_DEV_CN*.tsv",)),
    ("cn", "test"): (("mmbench_test_cn_*.tsv",), ("MMBench_TEST_CN*.tsv",)),
}
CHOICE = partial(table_choice, meta_keys=META)

SPEC = DatasetSpec(
    name="mmbench",
    title="MMBench",
    paper="MMBench: Is Your Multi-modal Model an All-around Player?",
    arxiv="2307.06281",
    year=2023,
    homepage="https://github.com/open-compass/MMBench",
    licence="Apache-2.0",
    licence_stated="repository LICENSE: Apache-2.0",
    languages=("en", "zh"),
    files=tuple(
        Files(names, subset, split, convert=partial(CHOICE, language="zh" if subset == "cn" else "en"))
        for (subset, split), names in NAMES.items()
    ),
    convert=CHOICE,
    tables={"pictures": Table(key="index", value="image")},
    meta_keys=META,
    unique_id=True,
    min_typed=0.4,
    generator="human, ChatGPT",
    obtain="Take the tsv files by the links in https://github.com/open-compass/MMBench; the pictures are in them.",
    kind="benchmark",
    part="category",
    scoring="multiple_choice",
)
