"""The surveyed datasets: one module, one ``SPEC`` each. The folder is the registry of vlit_hub.dataset_scripts."""
