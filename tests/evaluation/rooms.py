"""Samples whose pictures hold the answer: one flat colour each, so that a reader of pixels is always right."""

import io

from PIL import Image

from vlit_hub.schema import Blob, Media, Message, Part, Sample

COLOURS = {"red": (220, 20, 20), "green": (20, 180, 20), "blue": (20, 20, 220)}


def picture(colour, size=(40, 30)):
    data = io.BytesIO()
    Image.new("RGB", size, COLOURS[colour]).save(data, "PNG")
    return Blob(bytes=data.getvalue())


def say(role, *content):
    parts = [Part(type="image", index=c) if isinstance(c, int) else Part(text=c) for c in content]
    return Message(role=role, content=parts)


def colour_sample(i, colour, *, group="", ability="none", kind="none", question="What colour is it?"):
    return Sample(
        id=f"s{i}",
        group=group or f"g{i}",
        images=[picture(colour)],
        media=[Media(type="image", index=0, ref=f"{i}.png", width=40, height=30)],
        messages=[say("user", 0, question), say("assistant", colour)],
        ability=ability,
        instruction_type=kind,
    )


def seen_colour(sample):
    """What a system says that looks at its first picture, and says "unseen" without one."""
    if not any(part.type == "image" for message in sample.messages for part in message.content):
        return "unseen"
    with Image.open(io.BytesIO(sample.images[0].bytes)) as opened:
        pixel = opened.convert("RGB").getpixel((0, 0))
    return next((name for name, value in COLOURS.items() if value == pixel), "grey")
