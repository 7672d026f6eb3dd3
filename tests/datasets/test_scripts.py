"""One test walks dataset_scripts/: every script against its hand-written rows."""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import random
from pathlib import Path

import datasets
import pytest

import vlit_hub
from tests import rows
from vlit_hub import canonical, registry, schema
from vlit_hub.audit import audit
from vlit_hub.regions import DIALECTS, RenderError, parse, render, resolve
from vlit_hub.release import Release, convert

UNDECODED = datasets.List(datasets.Image(decode=False))
SCRIPTS = sorted(path.stem for path in (Path(__file__).parents[2] / "dataset_scripts").glob("[a-z]*.py"))


def spec_of(script: str):
    return registry.get(script.replace("_", "-"))


@pytest.fixture(params=SCRIPTS)
def script(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def expected(script: str):
    return importlib.import_module(f"tests.rows.{script}")


@pytest.fixture
def raw(tmp_path: Path, expected) -> Path:
    return rows.write(tmp_path / "raw", expected.FILES)


def test_the_file_is_short_and_named_after_its_dataset(script: str) -> None:
    spec = spec_of(script)
    assert spec.name.replace("-", "_") == script
    assert len(inspect.getsource(importlib.import_module(f"vlit_hub.dataset_scripts.{script}")).splitlines()) <= 60


def test_rows_convert_to_the_exact_samples(script: str, raw: Path, expected) -> None:
    for subset, splits in expected.EXPECTED.items():
        release = Release(spec_of(script), raw, subset)
        assert list(release.files) == list(splits)
        for split, wanted in splits.items():
            outcomes = list(release.read(split))
            bad = getattr(expected, "BAD", {}).get(subset, {}).get(split, [])
            assert [(o.file, o.row, fault.field) for o in outcomes for fault in o.bad] == bad
            samples = [sample for outcome in outcomes for sample in outcome.samples]
            assert [rows.short(sample) for sample in samples] == wanted
            for sample in samples:
                assert (sample.dataset, sample.subset, sample.split) == (spec_of(script).name, subset, split)


def test_quarantined_rows_belong_to_what_is_expected(expected) -> None:
    for subset, splits in getattr(expected, "BAD", {}).items():
        assert set(splits) <= set(expected.EXPECTED[subset])


def test_samples_are_canonical_and_tell_no_local_path(script: str, raw: Path, expected) -> None:
    spec = spec_of(script)
    for sample in all_samples(spec, raw, expected):
        canonical.validate(sample)
        before = ["", *(m.role for m in sample.messages)]  # what follows a tool's answer continues its turn
        roles = [
            m.role
            for m, b in zip(sample.messages, before, strict=False)
            if m.role in ("user", "assistant") and b != "tool"
        ]
        assert roles == [("user", "assistant")[i % 2] for i in range(len(roles))]
        assert set(json.loads(sample.meta or "{}")) <= set(spec.meta_keys)
        text = schema.to_json(schema.strip_media(sample)).decode()
        assert str(raw) not in text


def test_regions_round_trip_through_every_dialect(script: str, raw: Path, expected) -> None:
    for sample in all_samples(spec_of(script), raw, expected):
        for region in sample.regions:
            media = next(m for m in sample.media if (m.type, m.index) == (region.modality, region.index))
            if region.kind != "box":
                continue
            if region.frame != "norm":
                with pytest.raises(RenderError):
                    render("", [region], "square", None)
                continue
            size = (media.width or 640, media.height or 480)
            for name, dialect in DIALECTS.items():
                (piece,) = parse(render("", [region], name, size), name)
                assert isinstance(piece, tuple)
                found = resolve(piece[1][0], size).box
                unit = 1.0 if dialect.frame in ("pixel", "resized") else max(size)
                near = [abs(a - b) * size[i % 2] for i, (a, b) in enumerate(zip(found, region.box, strict=True))]
                assert max(near) <= dialect.quantum * unit / 2 + 1e-6, name


def test_load_dataset_map_style_and_streaming(script: str, raw: Path, expected, tmp_path: Path) -> None:
    """The same samples as the release gives, in order, through ``datasets``, with pictures left as they lie."""
    spec = spec_of(script)
    for subset, splits in expected.EXPECTED.items():
        for split, wanted in splits.items():
            ways = {"data_dir": raw, "split": split, "cache_dir": tmp_path / "cache"}
            streamed = vlit_hub.load_dataset(spec.name, subset, streaming=True, **ways).cast_column("images", UNDECODED)
            assert [rows.short(schema.from_row(row)) for row in streamed] == wanted
            if wanted:
                loaded = vlit_hub.load_dataset(spec.name, subset, **ways).cast_column("images", UNDECODED)
                assert [rows.short(schema.from_row(row)) for row in loaded] == wanted


def test_no_native_value_is_dropped(script: str, raw: Path, expected) -> None:
    spec = spec_of(script)
    for subset, splits in expected.EXPECTED.items():
        for split in splits:
            report = audit(Release(spec, raw, subset), split)
            assert (dict(report.dropped), dict(report.clashes)) == ({}, {})
            assert report.typed_share >= spec.min_typed


def test_the_default_subset_loads_nothing_twice(script: str, raw: Path) -> None:
    read = Release(spec_of(script), raw).files.values()
    files = [(path, entry.where) for entries in read for entry, path in entries]
    assert len(files) == len(set(files))


def all_samples(spec, raw: Path, expected):
    for subset, splits in expected.EXPECTED.items():
        for split in splits:
            for outcome in Release(spec, raw, subset).read(split):
                yield from outcome.samples


def test_damaged_records_never_stop_a_read(script: str, raw: Path, expected) -> None:
    """Leaves and branches of the native records replaced by hostile values: quarantined or converted, no crash."""
    rng = random.Random(script)
    for subset, splits in expected.EXPECTED.items():
        release = Release(spec_of(script), raw, subset)
        for split in splits:
            for entry, path in release.files[split]:
                records = [o.native for o in release.read_file(entry, path) if isinstance(o.native, dict)]
                ctx = release.context(entry, path)
                for _ in range(150):
                    damaged = damage(copy.deepcopy(rng.choice(records)), rng) if records else {}
                    outcome = convert(damaged, ctx, entry.convert)
                    assert outcome.samples or outcome.bad or outcome.reports or not records
                    assert "the converter failed" not in str([str(bad) for bad in outcome.bad]), outcome.bad


HOSTILE = (
    None,
    True,
    -1,
    10**400,
    float("nan"),
    1e308,
    "",
    "\ud83d",
    "../../etc/passwd",
    "a\0b",
    [],
    {},
    [[]],
    [None],
    {"": 0},
)


def damage(record, rng: random.Random):
    """One to three places of a record, at any depth, replaced or taken out."""
    for _ in range(rng.randint(1, 3)):
        place = record
        while place:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = rng.choice(list(keys))
            if isinstance(place[key], dict | list) and place[key] and rng.random() < 0.6:
                place = place[key]
            elif rng.random() < 0.2:
                del place[key]
                break
            else:
                place[key] = copy.deepcopy(rng.choice(HOSTILE))
                break
    return record


def test_no_two_scripts_share_six_lines_of_code() -> None:
    seen: dict[tuple[str, ...], str] = {}
    for script in SCRIPTS:
        text = inspect.getsource(importlib.import_module(f"vlit_hub.dataset_scripts.{script}"))
        code = [line.strip() for line in text.split('"""', 2)[2].splitlines() if line.strip()]
        for i in range(len(code) - 5):
            assert seen.setdefault(tuple(code[i : i + 6]), script) == script, (script, code[i : i + 6])
