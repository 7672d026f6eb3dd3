"""The real thing: `transformers serve` with a small language model on loopback, killed, gone on with, built."""

import pytest

from tests.construction import collection
from tests.construction.local_model import Served, unpacked
from tests.construction.show_endpoint import answers, by_model
from tests.construction.test_author import DOG

OPTIONS = ("--shots", "1", "--max-tokens", "120", "--attempts", "2", "--temperature", "0", "--concurrency", "1")


@pytest.mark.slow
def test_a_run_at_a_real_endpoint_repeats_nothing(tmp_path):
    coco = collection.write(tmp_path / "coco", {1: DOG, 2: ((210, 150), ["a dog sits there"], DOG[2])})
    with Served(unpacked(tmp_path)) as server:
        known, report, built = by_model(coco, tmp_path / "model", server, 2, kill_at=2, options=OPTIONS)
    cost, records = report["author"]["cost"], sum(report["records"].values())
    assert known >= 2 and cost["cached"] == known and cost["sent"] == cost["answered"]
    assert answers(tmp_path / "model") == known + cost["sent"]
    assert records + sum(report["author"]["quarantined"].values()) == 8 and records > 0
    assert built["records"] == built["converted"] == records and not built["quarantined"] and not built["missing_media"]
