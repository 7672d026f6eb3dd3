"""A Hugging Face Hub on loopback: what the real `huggingface_hub` client needs, no more.

    with LocalHub(folder) as hub:
        HfApi(endpoint=hub.endpoint, token="hf_local_write").create_repo("local/pets", repo_type="dataset")

Clients that take no endpoint (datasets, transformers) want HF_ENDPOINT in the environment, and uploads
HF_HUB_DISABLE_XET=1, both before `huggingface_hub` is imported: this Hub speaks git-lfs, not Xet.
"""

from vlit_hub.publishing.local_hub.access import Account
from vlit_hub.publishing.local_hub.server import CUT, RESET, SHORT, Faults, LocalHub, RandomFaults, serve

__all__ = ["CUT", "RESET", "SHORT", "Account", "Faults", "LocalHub", "RandomFaults", "serve"]
