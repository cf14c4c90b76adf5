"""What a parameter of a fault may be: Python types that say as much as a schema does."""

from typing import Annotated, Literal, NamedTuple


class Limit(NamedTuple):
    """A keyword of JSON Schema, and its value."""

    keyword: str
    value: int


Natural = Annotated[int, Limit("minimum", 0)]
Positive = Annotated[int, Limit("minimum", 1)]
Milliseconds = Annotated[float, Limit("minimum", 0)]
Status = Annotated[int, Limit("minimum", 100), Limit("maximum", 999)]
Header = Annotated[tuple[str, ...], Limit("minItems", 2), Limit("maxItems", 2)]
# How a connection ends, or that it only falls silent.
End = Literal["fin", "rst", "half", "silence"]
