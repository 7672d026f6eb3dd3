"""Row formats of the annotation files that LAVIS prepared and that mixtures (InstructBLIP, MiniGPT-v2) read.

Follows salesforce/LAVIS @506965b9c4a18c1e565bd32acaccabe0198433f7 lavis/datasets/datasets/*.py.
"""

from functools import partial

from vlit_hub.formats.base_qa import question_answer, questions_answers
from vlit_hub.formats.captions import captions

CAPTIONS = partial(captions, meta_keys=("image_id",))
"""{image, caption: text or list, image_id}."""
VQA = partial(question_answer, meta_keys=("question_id", "dataset"))
"""{image, question, question_id, answer: list or text, dataset}; VQAv2, OKVQA, VG QA."""
AOKVQA_META = ("split", "image_id", "question_id", "difficult_direct_answer", "rationales")
AOKVQA = partial(
    question_answer,
    image=("{image}", "{image_id:012d}.jpg"),
    answer="direct_answers",
    choices="choices",
    correct="correct_choice_idx",
    meta_keys=AOKVQA_META,
)
"""{image, question, direct_answers, choices, correct_choice_idx, rationales}; the official file has image_id only."""
GQA_META = tuple(
    "question_id isBalanced groups entailed equivalent types annotations semantic semanticStr dataset".split()
)
GQA = partial(
    question_answer, image=("{image}", "{imageId}.jpg"), also=("fullAnswer",), keyed="question_id", meta_keys=GQA_META
)
"""{image, question, answer, question_id}, or the official objects by question id."""
OCR_META = ("imageURL", "title", "authorName", "genre", "split")
OCRVQA = partial(questions_answers, image=("{sample_id}.jpg", "{filename}", "{key}.jpg"), meta_keys=OCR_META)
"""{sample_id, questions, answers}, {filename, ...} (MultiModal-GPT's download), or the official objects by key."""
TEXTCAPS_META = tuple(
    "image_classes flickr_original_url flickr_300k_url image_name image_path image_width image_height set_name"
    " caption_id caption_tokens reference_tokens".split()
)
TEXTCAPS = partial(
    captions,
    image="{image_id}.jpg",
    caption="caption_str",
    references="reference_strs",
    meta_keys=TEXTCAPS_META,
)
"""{image_id, caption_str, ...} under the file's "data"."""
VSR_META = tuple("image_link relation subj obj annotator_id vote_true_validator_id vote_false_validator_id".split())
VSR = partial(
    question_answer, question="caption", frame="true_or_false", words={0: "no", 1: "yes"}, answer="label",
    task="yes_no", meta_keys=VSR_META,
)  # fmt: skip
"""{image, caption, label: 0 | 1}."""
TRIPLE = partial(question_answer, question="text_input", answer="text_output", template="caption_short", task="other")
"""{image, text_input, text_output}: what the InstructBLIP project asks users to prepare; "" asks for a caption."""
