"""AnyMAL MM-IT: instructions over pictures, videos and sounds, by human annotators and Llama 2. Never released.

Paper: https://arxiv.org/abs/2309.16058. Data: none. Reader: none.
What is read are files of one's own in the paper's logical form: a medium of any kind, an instruction, a response.
"""

from functools import partial

from vlit_hub.formats.qa import Medium, flat_qa
from vlit_hub.spec import DatasetSpec, Files, MediaRule

SPEC = DatasetSpec(
    name="anymal",
    title="AnyMAL MM-IT (multimodal instruction tuning set)",
    paper="AnyMAL: An Efficient and Scalable Any-Modality Augmented Language Model",
    arxiv="2309.16058",
    year=2023,
    licence_stated="not released",
    files=(Files((("anymal.jsonl", "anymal.json"),)),),
    convert=partial(
        flat_qa,
        media=(Medium("image", "{image}"), Medium("video", "{video}"), Medium("audio", "{audio}")),
        question=("instruction",),
        answer=("response",),
        task="conversation",
    ),
    media=(
        MediaRule("media", ("{ref}", "images/{ref}")),
        MediaRule("media", ("{ref}", "videos/{ref}"), type="video"),
        MediaRule("media", ("{ref}", "audios/{ref}"), type="audio"),
    ),
    min_typed=1.0,
    survey_category="general/self-instruct",
    modalities=("image", "video", "audio", "IMU", "text"),
    picture_sources=("CC-licensed web images (human part)",),
    generator="human annotators; Llama-2 70B for the synthetic part",
    size="~60K human + ~150K synthetic (second number not re-verified)",
    size_source="paper",
    released="never",
    substitute="jsonl of {image | video | audio, instruction, response}, one's own; IMU signals have no column",
    obtain="No file can be had and no code was published: bring anymal.jsonl of your own in the substitute form,"
    " its media below the folder (media root 'media').",
)
