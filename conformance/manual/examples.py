"""One real violation of each rule: what it said of a mutant, and the bytes it said it of."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("examples.json")


@dataclass(frozen=True, slots=True)
class Example:
    mutant: str
    surface: str
    probe: str
    message: str
    excerpt: str = ""  # empty where the place is no part of a body


@cache
def examples() -> dict[str, Example]:
    """Return an example for each rule that has one."""
    told = json.loads(FILE.read_text("utf-8"))
    return {rule: Example(**members) for rule, members in told.items()}


def text(found: dict[str, Example]) -> str:
    """Return examples as the file has them."""
    told = {rule: asdict(example) for rule, example in sorted(found.items())}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"
