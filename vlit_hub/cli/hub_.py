"""``vlit hub DIR``: a Hub on loopback that the real huggingface_hub client talks to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vlit_hub.cli.common import Json, emit, err, verb


@verb
def command(
    folder: Annotated[Path, typer.Argument(help="Where repositories are kept.")],
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8787,
    as_json: Json = False,
) -> None:
    """Serve a local Hub until Ctrl-C; `vlit push --endpoint` and HF_ENDPOINT find it. Its only token is
    hf_local_write, which is no secret: it opens nothing but this Hub, whose namespace is `local`."""
    from vlit_hub.publishing.local_hub import serve

    def ready(hub: Any) -> None:
        if as_json:
            emit({"endpoint": hub.endpoint, "folder": str(folder)})
        else:
            err.print(f"Hub at {hub.endpoint}, files in {folder}. In the shell of the client:")
            print(f"export HF_ENDPOINT={hub.endpoint} HF_HUB_DISABLE_XET=1", flush=True)

    serve(folder, port, on_ready=ready)
