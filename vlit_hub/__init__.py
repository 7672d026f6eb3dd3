"""vlit_hub: vision-language instruction tuning on the Hugging Face stack."""
