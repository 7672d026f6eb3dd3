"""What `vlit demo` needs: rendered scenes, native raw releases of them, and a tiny LLaVA from a config."""
