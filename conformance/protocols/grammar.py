"""Runs a grammar that is a table: state -> kind of token -> next state; an absent key is wrong."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from conformance.exchange import Json
from conformance.findings import Span

Table = Mapping[str, Mapping[str, str]]

END = "end"  # the kind of the token that stands for the end of the body


class Token(NamedTuple):
    kind: str
    span: Span
    choice: int | None = None
    value: Json = None


class Violation(NamedTuple):
    state: str
    token: Token


def violations(
    table: Table, tokens: Iterable[Token], *, recover: Mapping[str, str] | None = None
) -> Iterator[Violation]:
    """Yield each token that its state has no entry for.

    The state then stays as it was, unless `recover` says where a reader would go on from there,
    so that one mistake is one violation.
    """
    state = next(iter(table))
    for token in tokens:
        row = table[state]
        if token.kind in row:
            state = row[token.kind]
        else:
            yield Violation(state, token)
            state = (recover or {}).get(state, state)
