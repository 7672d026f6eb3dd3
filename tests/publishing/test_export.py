"""The exported folder is read by plain `datasets` in a process that never imports vlit_hub; it equals the Store."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
import yaml
from huggingface_hub import DatasetCard
from PIL import Image

from tests.publishing import made
from vlit_hub.chat import NotChat, to_chat
from vlit_hub.publishing.export import export
from vlit_hub.publishing.facts import dataset_facts
from vlit_hub.publishing.licences import MayNotPass
from vlit_hub.publishing.tables import ParquetFiles
from vlit_hub.schema import COLUMNS, Blob, Sample, from_json, from_row, to_json
from vlit_hub.shards import ShardWriter, Store, from_members

DIALECT = "float"
KEPT_BACK = (
    "Flickr30k: pictures on request only, for non-commercial research and education",
    "Flickr30k pictures on request only",
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Report, samples by (subset, split), and what the other process read."""
    folder = tmp_path_factory.mktemp("export")
    content = made.write(folder / "shards")
    report = export(folder / "shards", folder / "out", dialect=DIALECT, repo_id="local/pets")
    read = read_plainly(
        folder,
        [(config.name, s.split) for config in report.configs if config.form != "webdataset" for s in config.splits],
        [(s.split, s.pattern) for config in report.configs if config.form == "webdataset" for s in config.splits],
    )
    return report, content, read


def read_plainly(folder: Path, tables: list, tars: list) -> dict:
    """What tests/publishing/reader.py reads from ``folder/out``."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {
        "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("reader.py")), str(folder / "out"), str(folder / "read.json")],
        input=f"{json.dumps(tables)}\n{json.dumps(tars)}\n",
        text=True, env=environment, cwd=folder, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "read.json").read_text(), object_hook=_bytes)


def _bytes(value: dict) -> object:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value


def in_parquet(sample: Sample) -> Sample:
    """Media other than pictures are in the tars only: present without bytes, or missing."""
    empty = {name: [blob and Blob() for blob in getattr(sample, name)] for name in ("videos", "audios", "point_clouds")}
    return msgspec.structs.replace(sample, **empty)


@pytest.mark.parametrize("way", ["rows", "streamed"])
@pytest.mark.parametrize(("subset", "split"), made.SPLITS)
def test_parquet_equals_the_store(exported, subset, split, way):
    report, content, read = exported
    rows = read[f"{subset}/{split}"][way]
    assert [from_row(row) for row in rows] == [in_parquet(sample) for sample in content[subset, split]]
    assert list(rows[0]) == list(Sample.__struct_fields__)


@pytest.mark.parametrize(("subset", "split"), made.SPLITS)
def test_pictures_decode(exported, subset, split):
    _, content, read = exported
    expected = [
        [blob and list(Image.open(io.BytesIO(blob.bytes)).size) for blob in sample.images]
        for sample in content[subset, split]
    ]
    assert read[f"{subset}/{split}"]["sizes"] == expected


@pytest.mark.parametrize("way", ["rows", "streamed"])
def test_tars_equal_the_store(exported, way):
    report, content, read = exported
    seen = 0
    for config in report.configs:
        if config.form == "webdataset":
            for split in config.splits:
                rows = read[f"tar:{split.pattern}"][way]
                subset = "detail_23k" if config.name.endswith("detail_23k") else "default"
                assert [from_tar_row(row) for row in rows] == content[subset, split.split]
                seen += len(rows)
    assert seen == sum(map(len, content.values()))


def from_tar_row(row: dict) -> Sample:
    """A row of datasets' webdataset loader through our own reader of members."""
    members: dict[str, object] = {"__key__": row["__key__"], "json": to_json(from_row(row["json"]))}
    for name, value in row.items():
        if name[0].isdigit() and value is not None:
            members[name] = value["bytes"] if isinstance(value, dict) else value
            if name.endswith("npy"):
                members[name] = npy(value)
    return from_members(members)


def npy(rows: list) -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.save(file, np.array(rows, np.float32))
    return file.getvalue()


@pytest.mark.parametrize("way", ["rows", "streamed"])
@pytest.mark.parametrize(("subset", "split"), made.SPLITS)
def test_chat_is_to_chat(exported, subset, split, way):
    report, content, read = exported
    base = f"chat-{DIALECT}" if subset == "default" else f"chat-{DIALECT}-{subset}"
    expected: dict[str, list] = {"messages": [], "completion": []}
    for sample in content[subset, split]:
        try:
            chat = to_chat(sample, DIALECT)
        except NotChat:
            continue
        mentioned = [p.index for message in sample.messages for p in message.content if p.type == "image"]
        images = [{"bytes": sample.images[i].bytes, "path": ""} for i in mentioned]
        expected["messages" if "messages" in chat else "completion"].append({**chat, "images": images})
    assert read[f"{base}/{split}"][way] == expected["messages"]
    completion = read.get(f"chat-{DIALECT}-completion/{split}", {way: []})[way] if subset == "default" else []
    assert completion == expected["completion"]
    assert bool(expected["completion"]) == ((subset, split) == ("default", "train"))


def test_left_out_of_chat_is_counted(exported):
    report, content, _ = exported
    expected: dict[str, Counter] = {}
    for (subset, _), samples in content.items():
        for sample in samples:
            try:
                to_chat(sample, DIALECT)
            except NotChat as error:
                expected.setdefault(subset, Counter())[error.reason] += 1
    assert report.left_out == expected
    assert expected["default"] == {"missing picture": 3, "video, audio or point cloud": 1}
    card = (Path(report.folder) / "README.md").read_text()
    for subset, reasons in expected.items():
        for reason, count in reasons.items():
            assert f"| {subset} | {reason} | {count} |" in card


def test_files_of_every_config_exist_and_add_up(exported):
    report, content, _ = exported
    folder = Path(report.folder)
    metadata = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    named = {entry["config_name"]: entry for entry in metadata["configs"]}
    assert list(named) == [config.name for config in report.configs if config.form != "webdataset"]
    for config in report.configs:
        for split in config.splits:
            files = sorted(folder.glob(split.pattern))
            assert len(files) == split.files > 0
            assert sum(file.stat().st_size for file in files) == split.bytes
            if config.form != "webdataset":
                assert {"split": split.split, "path": split.pattern} in named[config.name]["data_files"]
                assert sum(pq.read_metadata(file).num_rows for file in files) == split.samples
    described = {entry["config_name"]: entry for entry in metadata["dataset_info"]}
    assert set(described) == {*named, "webdataset"}
    assert described["webdataset"]["features"][-1] == {"name": "__url__", "dtype": "string"}
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert (report.files, report.bytes) == (len(written), sum(path.stat().st_size for path in written))
    assert not [path for path in written if path.name.startswith(".")]


def test_exported_shards_are_a_store(exported):
    report, content, _ = exported
    store = Store(Path(report.folder) / "shards", verify=True)
    assert [store[row] for row in range(len(store))] == [
        sample for key in sorted(content, key=str) for sample in content[key]
    ]


def test_the_same_shards_give_the_same_bytes(exported, tmp_path):
    report, _, _ = exported
    source = Path(report.folder).parent / "shards"
    export(source, tmp_path / "again", dialect=DIALECT, repo_id="local/pets")
    first, again = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (Path(report.folder), tmp_path / "again")
    )
    assert first == again


def test_tars_alone_are_a_plain_config(tmp_path):
    content = made.write(tmp_path / "shards")
    report = export(tmp_path / "shards", tmp_path / "out", forms=("webdataset",))
    assert [config.name for config in report.configs] == ["webdataset", "webdataset-detail_23k"]
    read = read_plainly(tmp_path, [("webdataset", "train"), ("webdataset-detail_23k", "train")], [])
    assert [from_tar_row(row) for row in read["webdataset/train"]["rows"]] == content["default", "train"]
    assert [from_tar_row(row) for row in read["webdataset-detail_23k/train"]["streamed"]] == content[
        "detail_23k", "train"
    ]


# -- what may not be passed on -----------------------------------------------------------------------------------------


def test_pictures_on_request_stay_behind(tmp_path):
    content = made.write(tmp_path / "shards", "shikra-rd")
    with pytest.raises(MayNotPass, match="Shikra-RD: their media .* on request only.*--references pushes texts"):
        export(tmp_path / "shards", tmp_path / "out", dialect=DIALECT)
    report = export(tmp_path / "shards", tmp_path / "out", dialect=DIALECT, media="references")
    blobs = [blob for samples in content.values() for s in samples for c in COLUMNS.values() for blob in getattr(s, c)]
    present = sum(blob is not None for blob in blobs)
    assert report.withheld == {"shikra-rd": present}
    assert report.terms == {"shikra-rd": KEPT_BACK}
    store = Store(tmp_path / "out" / "shards", verify=True)
    published = [store[row] for row in range(len(store))]
    assert published == [bare(s) for key in sorted(content, key=str) for s in content[key]]
    assert [m.ref for m in published[4].media] and published[4].media[0].width
    for file in sorted((tmp_path / "out" / "data").rglob("*.parquet")):
        assert all(blob is None for images in pq.read_table(file)["images"].to_pylist() for blob in images)
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"- Shikra-RD: {present} media ({'; '.join(KEPT_BACK)})" in card
    chat = [config for config in report.configs if config.form == "chat"]
    without = sum(not s.media for samples in content.values() for s in samples)
    assert sum(config.samples for config in chat) == without == 3
    again = dataset_facts(tmp_path / "shards", {"shikra-rd"})
    exported = dataset_facts(tmp_path / "out" / "shards")
    for section in ("text", "pictures", "labels", "samples", "media", "builds"):
        assert exported.section(section) == again.section(section)


def bare(sample: Sample) -> Sample:
    return msgspec.structs.replace(
        sample, **{column: [None] * len(getattr(sample, column)) for column in COLUMNS.values()}
    )


def test_pictures_on_request_go_when_told(tmp_path):
    made.write(tmp_path / "shards", "shikra-rd")
    report = export(tmp_path / "shards", tmp_path / "out", forms=("parquet",), media="all")
    assert (report.withheld, report.terms) == ({}, {})
    rows = pq.read_table(tmp_path / "out" / "data" / "default")["images"].to_pylist()
    assert sum(blob is not None for images in rows for blob in images) == 131


# -- bad input, bounds -------------------------------------------------------------------------------------------------


def test_refusals(tmp_path):
    made.write(tmp_path / "shards")
    with pytest.raises(ValueError, match="allowed: parquet, webdataset"):
        export(tmp_path / "shards", tmp_path / "out", forms=("arrow",))
    with pytest.raises(ValueError, match="unknown region dialect 'klingon'"):
        export(tmp_path / "shards", tmp_path / "out", dialect="klingon")
    (tmp_path / "out").mkdir(exist_ok=True)
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(FileExistsError, match="not empty"):
        export(tmp_path / "shards", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["mine.txt"]


def test_row_groups_and_files_stay_below_their_bounds(tmp_path):
    import pyarrow as pa

    schema = pa.schema([("value", pa.binary())])
    sizes = [100, 900, 300, 300, 300, 300, 2000, 10, 10]
    with ParquetFiles(
        tmp_path, "train", schema, lambda rows: pa.table({"value": rows}, schema), group_bytes=1000, file_bytes=2000
    ) as files:
        for size in sizes:
            files.add(b"x" * size, size)
    names = [path.name for path in files.files]
    assert names == [f"train-{i:05d}-of-00004.parquet" for i in range(4)]
    groups = []
    for path in files.files:
        meta = pq.read_metadata(path)
        groups.append([meta.row_group(i).num_rows for i in range(meta.num_row_groups)])
    assert groups == [[2, 3], [1], [1], [2]]
    assert [len(row) for path in files.files for row in pq.read_table(path)["value"].to_pylist()] == sizes


def test_a_failed_export_leaves_no_half_file(tmp_path):
    import pyarrow as pa

    schema = pa.schema([("value", pa.int64())])
    with pytest.raises(RuntimeError, match="cut"):
        with ParquetFiles(tmp_path, "train", schema, lambda r: pa.table({"value": r}, schema), group_bytes=1) as files:
            files.add(1, 1)
            files.add(2, 1)
            raise RuntimeError("cut")
    assert list(tmp_path.iterdir()) == []


def test_card_is_the_hubs(exported):
    report, _, _ = exported
    card = DatasetCard.load(Path(report.folder) / "README.md")
    assert card.data.license == "cc-by-4.0"
    assert card.data.to_dict()["configs"][0]["config_name"] == "default"
    assert from_json(to_json(Sample())) == Sample()


def test_an_export_goes_on_where_it_was_killed(exported, tmp_path, monkeypatch):
    """Stopped at every split of every form in turn; the finished ones are not written again, the bytes are equal."""
    report, _, _ = exported
    source, stops = Path(report.folder).parent / "shards", 0
    real = ParquetFiles.__exit__
    written = Counter()

    def stop(self, *args):
        real(self, *args)
        key = f"{self.folder.relative_to(tmp_path / 'again')}/{self.split}"
        written[key] += args[0] is None
        if written[key] == 1 and args[0] is None:
            (self.folder / f".{self.split}-00009.tmp").parent.mkdir(parents=True, exist_ok=True)
            (self.folder / f".{self.split}-00009.tmp").write_bytes(b"half")
            raise KeyboardInterrupt

    monkeypatch.setattr(ParquetFiles, "__exit__", stop)
    while True:
        try:
            export(source, tmp_path / "again", dialect=DIALECT, repo_id="local/pets", resume=True)
            break
        except KeyboardInterrupt:
            stops += 1
    assert stops >= 6 and max(written.values()) <= 3
    first, again = (
        {
            path.relative_to(root): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file() and ".cache" not in path.parts
        }
        for root in (Path(report.folder), tmp_path / "again")
    )
    assert first == again
    before = written.copy()
    export(source, tmp_path / "again", dialect=DIALECT, repo_id="local/pets", resume=True)
    assert written == before


def test_shared_pictures_are_whole_for_plain_readers(tmp_path):
    with ShardWriter(tmp_path / "shards", made.NAME, "default", "train", share_media=True) as writer:
        for number in range(3):
            named = {"id": str(number), "dataset": made.NAME, "subset": "default", "split": "train", "group": "one"}
            writer.write(msgspec.structs.replace(made.sample(1), **named))
    assert Store(tmp_path / "shards").index.splits[0].shared == 2
    export(tmp_path / "shards", tmp_path / "out", forms=("webdataset",))
    [read] = read_plainly(tmp_path, [("webdataset", "train")], []).values()
    pictures = [blob.bytes for row in read["rows"] for blob in from_tar_row(row).images]
    assert pictures == [made.sample(1).images[0].bytes] * 3
