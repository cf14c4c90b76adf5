"""The kill matrix as text: one block per family of rules, its rules by the mutants it concerns."""

from collections.abc import Iterator, Sequence

from conformance.exchange import Json
from conformance.selfcheck.matrix import Matrix, unproved

LEGEND = "X dies as named   - named, but lives   ! dies of it unnamed   . nothing"


def sheet(matrix: Matrix) -> str:
    families = sorted({rule.family for rule in matrix.rules.values()})
    blocks = (line for family in families for line in _block(matrix, family))
    alive = (
        f"{rule}: on {', '.join(surfaces)} no mutant dies of it"
        for rule, surfaces in unproved(matrix).items()
    )
    return "\n".join([LEGEND, *blocks, "", *alive]).rstrip()


def _block(matrix: Matrix, family: str) -> Iterator[str]:
    told = matrix.told()
    rules = sorted(rule.id for rule in matrix.rules.values() if rule.family == family)
    mutants = [
        name
        for name, variant in matrix.variants.items()
        if variant.breaks and (variant.breaks | told[name]) & set(rules)
    ]
    width = max(map(len, rules))
    yield ""
    yield " ".join([" " * width, *(f"{number:>2}" for number in range(1, len(mutants) + 1))])
    for rule in rules:
        cells = [
            _cell(rule in matrix.variants[name].breaks, rule in told[name]) for name in mutants
        ]
        yield " ".join([rule.ljust(width), *(f"{cell:>2}" for cell in cells)])
    for number, name in enumerate(mutants, 1):
        yield f"  {number:>2} {name}"


def _cell(named: bool, told: bool) -> str:
    if told:
        return "X" if named else "!"
    return "-" if named else "."


def document(matrix: Matrix, wrong: Sequence[str]) -> dict[str, Json]:
    """Return the matrix as JSON, with what the rules said."""
    told = matrix.told()
    return {
        "rules": sorted(matrix.rules),
        "variants": {
            name: {
                "text": variant.text,
                "breaks": sorted(variant.breaks),
                "told": sorted(told[name]),
                "said": [each.line for each in matrix.of(name)],
            }
            for name, variant in matrix.variants.items()
        },
        "unproved": unproved(matrix),
        "complaints": list(wrong),
    }
