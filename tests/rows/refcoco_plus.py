"""refcoco-plus: an expression with its box, in two splits."""

from tests.rows.refcoco import META, located, mdetr, picture

FILES = {f"finetune_refcoco+_{name}.json": mdetr(picture(0, "the lady")) for name in ("train", "testA")}
EXPECTED = {
    "default": {
        name: [located(f"finetune_refcoco+_{name}.json", 0, "the lady", meta=META)] for name in ("train", "testA")
    }
}
