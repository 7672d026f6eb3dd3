"""Side columns are the same files from any engine."""

import pytest

from tests.curation.made import sample, write
from vlit_hub.curation.columns import Work, compute
from vlit_hub.curation.engines import engine_of
from vlit_hub.curation.hashes import Hashing
from vlit_hub.curation.indicator import chosen
from vlit_hub.shards import Store


def test_engines_are_named():
    with pytest.raises(ValueError, match="engine 'spark' is not one of: local, ray"):
        engine_of("spark")


@pytest.mark.slow
def test_two_nodes_of_ray_give_the_same_files(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    samples = [sample(f"How many are {i}?", f"There are {i} of them.", group=str(i)) for i in range(60)]
    store = Store(write(tmp_path, samples, max_samples=10))
    cluster = Cluster(True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
        for work in (Work(store, tuple(made.name for made in chosen())), Hashing(store)):
            compute(work)
            alone = {unit.path: unit.path.read_bytes() for unit in work.units()}
            for path in alone:
                path.unlink()
            counts = []
            compute(work, engine_of("ray", 2), counts.append)
            assert {path: path.read_bytes() for path in alone} == alone
            assert len(alone) == 6 and counts[-1] == 60
        ray.init(address=cluster.address, ignore_reinit_error=True)
        assert len(ray.nodes()) == 2
    finally:
        ray.shutdown()
        cluster.shutdown()
