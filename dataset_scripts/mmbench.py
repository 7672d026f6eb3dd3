"""MMBench: multiple-choice questions along twenty abilities, with the pictures in the table.

Paper: https://arxiv.org/abs/2307.06281. Data: https://github.com/open-compass/MMBench.
Reader: haotian-liu/LLaVA @c121f0432da27facab705978f83c4ada465e46fd llava/eval/model_vqa_mmbench.py:32-93.
"""

from functools import partial

from vlit_hub.formats.benchmarks import table_choice
from vlit_hub.spec import DatasetSpec, Files, Table, Version

META = ("category", "l2-category", "source", "comment", "split")
NAMES = {
    ("default", "dev"): "mmbench_dev_2023*.tsv mmbench_dev_en_*.tsv MMBench_DEV_EN.tsv MMBench_DEV_EN_V11.tsv",
    ("default", "test"): "mmbench_test_2023*.tsv mmbench_test_en_*.tsv MMBench_TEST_EN.tsv MMBench_TEST_EN_V11.tsv",
    ("cn", "dev"): "mmbench_dev_cn_*.tsv MMBench_DEV_CN.tsv MMBench_DEV_CN_V11.tsv",
    ("cn", "test"): "mmbench_test_cn_*.tsv MMBench_TEST_CN.tsv MMBench_TEST_CN_V11.tsv",
}
V1 = "1.0 as of 2023-10-03"  # rows: open-compass/MMBench issue 12 (test), lmms-lab/MMBench_CN on the Hub (dev)
VERSIONS = (
    Version("mmbench_*_20230712.tsv", "1.0 as of 2023-07-12"),
    *(Version(name, V1, 4329) for name in ("mmbench_dev_*20231003.tsv", "MMBench_DEV_[EC]N.tsv")),
    *(Version(name, V1, 6666) for name in ("mmbench_test_*20231003.tsv", "MMBench_TEST_[EC]N.tsv")),
    Version("MMBench_*_V11.tsv", "1.1"),
)
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
        Files(
            tuple((name,) for name in names.split()),
            subset,
            split,
            convert=partial(CHOICE, language="zh" if subset == "cn" else "en"),
        )
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
    versions=VERSIONS,
    scoring="multiple_choice",
)
