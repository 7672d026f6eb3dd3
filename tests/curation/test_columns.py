"""Side columns: values as by hand, nothing computed twice, the same files from any engine; summaries."""

import json
import math

import pyarrow.parquet as pq
import pytest

from tests.curation.made import sample, write
from vlit_hub.curation.columns import Work, compute, one_process, processes, read
from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import PRINCIPLES, Column, Indicator, chosen, indicators
from vlit_hub.curation.summary import entropy, summarise
from vlit_hub.schema import Message, Part
from vlit_hub.shards import ShardError, Store

SAMPLES = [
    sample("Is there a dog?", "Yes.", group="a"),
    sample("Is there a cat?", "No, there is none.", group="a"),
    sample("How many dogs are there?", "Two.", "Why?", "Because two of them run.", group="b"),
    sample("Say a word.", "hello", dataset="other", group="c"),
]
NAMES = tuple(made.name for made in chosen())


@pytest.fixture
def store(tmp_path):
    return Store(write(tmp_path, SAMPLES, max_samples=2))


def test_every_principle_has_an_indicator_and_every_column_says_what_it_is():
    assert {made.principle for made in indicators()} == set(PRINCIPLES)
    for made in indicators():
        assert made.columns and all(column.what and column.name.isidentifier() for column in made.columns)
        values = [made.run(Facts(one)) for one in SAMPLES if not made.annotated and not made.optional]
        assert all(set(found) <= {column.name for column in made.columns} for found in values)


def test_vocabularies_are_checked():
    with pytest.raises(ValueError, match="'beauty' is not one of: correctness, diversity"):
        Indicator("x", "beauty", (), dict)
    with pytest.raises(ValueError, match="column x: kind 'float' is not one of: share"):
        Column("x", "float", "a figure")
    with pytest.raises(ValueError, match="no indicator nothing; known: "):
        chosen(["nothing"])


def test_rounds_leave_out_what_is_not_supervised():
    made = sample("A", "b", "C", "d")
    made.messages.insert(0, Message(role="system", content=[Part(text="S")]))
    made.messages[2] = Message(role="assistant", content=[Part(text="b")], train=False)
    assert Facts(made).rounds == [("C", "d")]


def test_values_stand_in_the_order_of_the_rows(store):
    table = compute(Work(store, NAMES))
    assert table["row"].to_pylist() == [0, 1, 2, 3]
    by_dataset = dict(zip(table["dataset"].to_pylist(), table["rounds"].to_pylist(), strict=True))
    assert by_dataset == {"other": 1, "tests": 2}
    rows = {row["group"]: row for row in table.to_pylist()}
    assert rows["tests\0b"]["rounds"] == 2 and rows["tests\0b"]["question_form"] == "counting"
    assert [row["polarity"] for row in table.to_pylist()] == ["open", "yes", "no", "open"]
    assert (rows["other\0c"]["answer_words"], rows["other\0c"]["length"]) == (1, "1")


def test_a_killed_run_goes_on_and_gives_the_same_files(store):
    work = Work(store, NAMES)
    units = work.units()
    assert len(units) == 3
    whole = compute(work)
    kept = {unit.path: unit.path.read_bytes() for unit in units}
    units[1].path.unlink()
    ran = []
    assert compute(work, lambda work, missing: one_process(work, ran.extend(missing) or missing)).equals(whole)
    assert ran == [units[1]]
    assert {path: path.read_bytes() for path in kept} == kept


def test_several_processes_give_the_same_files(store):
    work = Work(store, NAMES)
    compute(work)
    alone = {unit.path: unit.path.read_bytes() for unit in work.units()}
    for path in alone:
        path.unlink()
    counts = []
    compute(work, processes(2), counts.append)
    assert {path: path.read_bytes() for path in alone} == alone and counts[-1] == 4


def test_columns_of_other_indicators_or_shards_are_not_taken(store, tmp_path):
    with pytest.raises(ShardError, match="is missing: run `vlit quality` first"):
        read(Work(store, NAMES))
    compute(Work(store, NAMES))
    with pytest.raises(ShardError, match="is missing"):
        read(Work(store, ("turns",)))
    again = Store(write(tmp_path, [sample("Q", "Other."), *SAMPLES[1:]], max_samples=2))
    with pytest.raises(ShardError, match="is missing"):
        read(Work(again, NAMES))
    compute(Work(again, NAMES))
    unit = Work(again, NAMES).units()[0]
    table = pq.read_table(unit.path)
    pq.write_table(table.slice(0, 0), unit.path)
    with pytest.raises(ShardError, match="holds 0 rows, the shard 1; delete it"):
        read(Work(again, NAMES))


def test_summaries_are_means_and_entropies_by_hand(store):
    work = Work(store, NAMES)
    figures = {(f.dataset, f.column): f for f in summarise(compute(work), work.indicators)}
    rounds = figures["tests", "rounds"].mean
    assert (rounds.value, rounds.n, rounds.groups) == (4 / 3, 3, 2) and rounds.low <= 4 / 3 <= rounds.high
    polarity = figures["tests", "polarity"]
    assert polarity.names == {"yes": 1, "no": 1, "open": 1} and polarity.entropy == pytest.approx(1)
    assert figures["tests", "instruction_type"].to_dict()["top_share"] == 1 and polarity.spoken == 3
    assert figures["other", "distinct_2"].spoken == 0 and "mean" not in figures["other", "distinct_2"].to_dict()
    assert json.loads(json.dumps(rounds and figures["tests", "rounds"].to_dict()))["mean"]["n"] == 3
    three = -(0.5 * math.log(0.5) + 2 * 0.25 * math.log(0.25)) / math.log(3)
    assert entropy([2, 1, 1]) == pytest.approx(three) and entropy([3]) is None
