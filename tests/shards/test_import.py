"""What importing the room costs."""

import subprocess
import sys

CODE = """
import sys
import vlit_hub.shards as shards
print(sorted({"torch", "datasets", "webdataset", "pyarrow", "PIL", "transformers"} & set(sys.modules)))
print([name for name in shards.__all__ if getattr(shards, name, None) is None])
"""


def test_import_is_light_and_every_public_name_is_there():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"
