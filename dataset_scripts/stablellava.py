"""StableLLaVA: one question about a picture that Stable Diffusion is to make from the record's own prompt.

Paper: https://arxiv.org/abs/2308.10253. Data: https://github.com/icoz69/StableLLAVA, folder dataset/.
Reader: icoz69/StableLLAVA @22b89eb6 stable_diffusion.py, data_to_llava.py. The prompt, a faithful description of the
picture, is kept as its caption. Ids repeat over the nine files.
"""

from functools import partial

from vlit_hub.formats.alpaca import alpaca
from vlit_hub.spec import DatasetSpec, Files, MediaRule

KINDS = ("action", "animal", "color", "food", "furniture", "plant", "profession", "scene", "vehicle")

SPEC = DatasetSpec(
    name="stablellava",
    title="StableLLaVA (synthesized image-dialogue data)",
    paper="StableLLaVA: Enhanced Visual Instruction Tuning with Synthesized Image-Dialogue Data",
    arxiv="2308.10253",
    year=2023,
    homepage="https://github.com/icoz69/StableLLAVA",
    licence="Apache-2.0",
    licence_stated="repo Apache-2.0",
    terms=("OpenAI terms of use (texts by ChatGPT)", "SDXL licence for the pictures one makes"),
    files=(Files((tuple(f"{kind}.json" for kind in KINDS),)),),
    convert=partial(
        alpaca,
        instruction="question",
        context="",
        reply="answer",
        image="image",
        caption="prompt",
        tasks="conversation",
        meta_keys=("id",),
    ),
    media=(MediaRule("images", ("{ref}", "images/{ref}")),),
    meta_keys=("id",),
    survey_category="general/self-instruct (synthetic images)",
    picture_sources=("Stable Diffusion XL from the record's own prompt; not shipped",),
    generator="ChatGPT (prompt, question and answer in one call)",
    size="77,916 (furniture, plant, profession, scene, vehicle 12,000 each; animal 10,000; action 3,195; food 2,738;"
    " color 1,983)",
    size_source="counted in the nine files at 22b89eb6",
    released="partly",
    substitute="texts and prompts alone: without pictures made by the user every medium is missing",
    download=(
        "https://raw.githubusercontent.com/icoz69/StableLLAVA/HEAD/dataset/{action,animal,color,food,furniture,plant,profession,scene,vehicle}.json",
    ),
    obtain="Take dataset/*.json from https://github.com/icoz69/StableLLAVA. The pictures were never released: make each"
    " from its prompt with SDXL (stable_diffusion.py there) and save it as <category>/<id>.jpg, as the field image"
    " says (media root 'images').",
)
