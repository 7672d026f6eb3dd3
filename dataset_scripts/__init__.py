"""The surveyed datasets: one module, one ``SPEC`` each. The folder is the registry (installed as vlit_hub.dataset_scripts)."""
