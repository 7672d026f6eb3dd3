"""Which of SEED-Bench's dimensions a sample trains: as released, else by our rules on its first question."""

from vlit_hub.curation.facts import Facts
from vlit_hub.curation.indicator import Column, Indicator, Values
from vlit_hub.evaluation.abilities import ability_of


def run(facts: Facts) -> Values:
    sample = facts.sample
    if sample.ability == "none" and facts.english and facts.questions:
        return {"ability": ability_of(facts.questions[0]), "instruction_type": sample.instruction_type}
    return {"ability": sample.ability, "instruction_type": sample.instruction_type}


INDICATOR = Indicator(
    "ability",
    "balance",
    (
        Column("ability", "name", "SEED-Bench dimension of the first question"),
        Column("instruction_type", "name", "the survey's own types: global, negative, region, or none"),
    ),
    run,
)
