"""Shards behind a real http server that answers 429, 503, resets, stops half-way and is slow."""

from __future__ import annotations

import pickle
import time

import numpy as np
import pytest
from torch.utils.data import DataLoader

from tests.shards.make import sample, write
from tests.shards.server import Server
from vlit_hub.schema import Blob, Media, Message, Part, Sample
from vlit_hub.shards import (
    Fetch,
    Plan,
    Remote,
    RemoteError,
    ShardError,
    Shards,
    ShardStream,
    Skipped,
    StepSampler,
    Store,
)
from vlit_hub.shards.chunks import CHUNK

TAR = "demo-default-train-000000.tar"
FAULTS = ("429", "503", "reset", "short", "slow")


def large(number: int, size: int = 20_000) -> Sample:
    """A sample with one picture of that many bytes, different for each number."""
    data = np.random.default_rng(number).bytes(size)
    return Sample(
        images=[Blob(bytes=data)],
        messages=[
            Message("user", [Part(type="image", index=0)]),
            Message("assistant", [Part(text=f"answer {number}")]),
        ],
        media=[Media("image", 0, ref=f"{number}.jpg", width=3, height=2)],
        id=str(number),
        dataset="demo",
        subset="default",
        split="train",
    )


BATCH = [large(i) for i in range(200)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """200 samples of 20 kB in 2 shards."""
    return write(tmp_path_factory.mktemp("remote"), BATCH, per_shard=100)


def remote(server, tmp_path, **options):
    return Remote(server.url, cache=tmp_path / "cache", **options)


def epoch(store):
    """Row -> sample, in the order of the plan."""
    found = {}
    for fetch in StepSampler(Plan(store.index), global_batch=8, micro_batch=8, epochs=1):
        items, _ = store.__getitems__(fetch)
        found |= {row: each for (row,), (each,) in zip(fetch.items, items, strict=True)}
    return found


def test_a_plain_url_reads_like_the_folder(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with Server(folder) as server:
        store = Store(server.url)
        assert (len(store), store[7], store[199]) == (200, BATCH[7], BATCH[199])
        assert store.index.fingerprint == Store(folder).index.fingerprint
        assert Plan(store.index).fingerprint == Plan(Store(folder).index).fingerprint
        assert str(store.provenance(199)).startswith("demo, demo-default-train-000001.tar at byte ")
    assert (tmp_path / "vlit_hub/shards/chunks").is_dir()


def test_ranges_are_coalesced_over_blocks_and_nothing_is_fetched_twice(folder, tmp_path):
    with Server(folder) as server:
        store = Store(remote(server, tmp_path))
        assert epoch(store) == dict(enumerate(BATCH))
        tars = [asked for asked in server.asked if asked[0].endswith(".tar")]
        size = sum(shard.bytes for shard in store.index.splits[0].shards)
        assert server.tar_bytes() == size, "every byte once"
        assert len(tars) <= 2 * len(store) / 64 + 2
        assert epoch(Store(remote(server, tmp_path))) == dict(enumerate(BATCH))
        assert server.tar_bytes() == size and server.counts["index/demo-default-train/rows.npy"] == 1
    # All of it is on disk now: only the manifest would be asked for again.
    assert pickle.loads(pickle.dumps(store))[3] == BATCH[3]


def test_an_epoch_completes_among_faults(folder, tmp_path):
    def fault(path, count):
        return FAULTS[count // 2 % len(FAULTS)] if count % 2 else ""

    with Server(folder, fault) as server:
        store = Store(remote(server, tmp_path))
        assert epoch(store) == dict(enumerate(BATCH))
        asked = server.counts
        assert asked["manifest.json"] == 2 and asked[TAR] >= 4, "faults were met"


@pytest.mark.parametrize("workers", [2])
def test_workers_share_the_cache(folder, tmp_path, workers):
    with Server(folder, lambda path, count: "503" if count % 3 == 0 else "") as server:
        store = Store(remote(server, tmp_path))
        assert store[0] == BATCH[0], "the file system of this process is in use before it forks"
        stream = ShardStream(store, Plan(store.index), batch_size=8, epochs=1)
        found = {}
        for items, fetch in DataLoader(stream, batch_size=None, num_workers=workers):
            found |= {row: each for (row,), (each,) in zip(fetch.items, items, strict=True)}
        assert found == dict(enumerate(BATCH))
        size = sum(shard.bytes for shard in store.index.splits[0].shards)
        answered = server.tar_bytes() * 2 / 3
        assert answered <= 1.5 * size, "no worker fetches what another has"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("503", "HTTP 503, each time"),
        ("404", "not there"),
        ("403", "HTTP 403"),
        ("whole", "the server does not honour range requests"),
        ("flip", ""),
        pytest.param("429", "HTTP 429, each time", marks=pytest.mark.slow),
        pytest.param("reset", "each time", marks=pytest.mark.slow),
        pytest.param("short", "each time", marks=pytest.mark.slow),
        pytest.param("stall", "TimeoutError, each time", marks=pytest.mark.slow),
    ],
)
def test_what_does_not_go_over_fails_in_bounded_time(folder, tmp_path, fault, why):
    with Server(folder, lambda path, count: fault if path.endswith("1.tar") else "") as server:
        store = Store(remote(server, tmp_path, seconds=1), on_error="skip")
        started = time.monotonic()
        with pytest.raises(
            ShardError, match=rf"^demo, demo-default-train-000001.tar at byte \d+, .*000000195: .*{why}"
        ):
            store[195]
        assert time.monotonic() - started < 20
        ((good,), (skipped,)), _ = store.__getitems__(Fetch([(0,), (195,)], [], 0, True, (0, 0, 2)))
        assert good == BATCH[0] and isinstance(skipped, Skipped) and "000000195" in skipped.reason
        assert server.counts["demo-default-train-000001.tar"] <= 20


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (lambda path, count: "404" if path == "manifest.json" else "", "manifest.json: not there"),
        (lambda path, count: "404" if path.endswith("rows.npy") else "", "rows.npy: not there"),
        (lambda path, count: "flip" if path.endswith("media.npy") else "", "media.npy: sha256 .*, the manifest says"),
        (lambda path, count: "503", "manifest.json: HTTP 503, each time"),
    ],
)
def test_a_folder_that_is_none(folder, tmp_path, fault, why):
    with Server(folder, fault) as server, pytest.raises(RemoteError, match=f"^{server.url}/.*{why}"):
        Store(remote(server, tmp_path, seconds=0.3))
    assert not [*tmp_path.rglob("media.npy"), *tmp_path.rglob("*.tmp")]


def test_a_damaged_range_is_fetched_again(folder, tmp_path):
    with Server(folder, lambda path, count: "flip" if path == TAR and count == 1 else "") as server:
        store = Store(remote(server, tmp_path))
        assert store[0] == BATCH[0] and server.counts[TAR] == 2


def test_what_the_disk_damages_is_fetched_again(folder, tmp_path):
    with Server(folder) as server:
        store = Store(remote(server, tmp_path))
        assert epoch(store) == dict(enumerate(BATCH))
        for path in (tmp_path / "cache/chunks").glob("??/*"):
            data = bytearray(path.read_bytes())
            data[700:] = bytes(len(data) - 700) if path.name.endswith("-0") else data[700:-1]
            path.write_bytes(data)
        assert epoch(store) == dict(enumerate(BATCH))


def test_verify_reads_whole_shards(folder, tmp_path):
    with Server(folder) as server:
        Store(remote(server, tmp_path), verify=True)
    with Server(folder, lambda path, count: "flip" if path.endswith("1.tar") else "") as server:
        with pytest.raises(ShardError, match=f"^{server.url}/demo-default-train-000001.tar: sha256 "):
            Store(Remote(server.url, cache=tmp_path / "other"), verify=True)


def test_the_cache_is_bounded_and_keeps_what_was_used_last(folder, tmp_path):
    limit = 2 * CHUNK + CHUNK // 2
    with Server(folder) as server:
        store = Store(remote(server, tmp_path, limit=limit))
        for row in (*range(0, 200, 9), 0, 0):
            assert store[row] == BATCH[row]
            kept = list((tmp_path / "cache/chunks").glob("??/*"))
            assert 0 < sum(path.stat().st_size for path in kept) <= limit
        before = server.tar_bytes()
        assert store[1] == BATCH[1] and server.tar_bytes() == before


def test_a_sample_larger_than_a_range(tmp_path):
    batch = [large(1), large(2, 18 << 20), large(3)]
    with Server(write(tmp_path / "shards", batch)) as server:
        store = Store(remote(server, tmp_path))
        assert [store[row] for row in range(3)] == batch


def test_a_changed_folder_is_noticed_by_its_manifest(tmp_path):
    folder = write(tmp_path / "shards", [large(1)])
    with Server(folder) as server:
        assert Store(remote(server, tmp_path))[0] == large(1)
        old = Store(remote(server, tmp_path))
        write(folder, [large(2)])
        assert Store(remote(server, tmp_path))[0] == large(2)
        assert old[0] == large(1), "its bytes are named by their checksum"


def test_local_and_remote_folders_are_one_index(folder, tmp_path):
    here = write(tmp_path / "here", [sample(i) for i in range(3)])
    with Server(folder) as server:
        store = Store([here, Shards(remote(server, tmp_path), split="train")])
        assert (len(store), store[2], store[3]) == (203, sample(2), BATCH[0])


def test_a_token_of_the_url_is_sent_and_never_told(folder, tmp_path):
    with Server(folder, query="token=hf_secret", fault=lambda path, count: "503" if "1.tar" in path else "") as server:
        url = server.url.replace("http://", "http://user:hf_password@") + "?token=hf_secret"
        store = Store(Remote(url, cache=tmp_path / "cache", seconds=1))
        assert store[0] == BATCH[0]
        with pytest.raises(RemoteError) as caught:
            store[150]
        texts = [str(caught.value), repr(store.index.parts), str(store.index)]
        with pytest.raises(RemoteError) as refused:
            Store(Remote(url + "x", cache=tmp_path / "cache"))
        texts += [str(refused.value), *(str(path) for path in tmp_path.rglob("*"))]
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*.json"))
    assert "HTTP 403" in str(refused.value) and server.url in texts[0]
    assert not [text for text in texts if "secret" in text or "password" in text] and b"secret" not in kept


def test_a_cache_that_cannot_be_written_costs_only_time(folder, tmp_path):
    with Server(folder) as server:
        store = Store(remote(server, tmp_path))
        for number in range(256):
            (tmp_path / "cache/chunks").mkdir(exist_ok=True)
            (tmp_path / f"cache/chunks/{number:02x}").touch()  # where a folder should be
        assert store[5] == BATCH[5]
