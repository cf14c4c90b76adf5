"""Runs a grammar that is a table: state -> kind of token -> next state; an absent key is wrong."""

from collections import defaultdict
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


def by_choice(tokens: Iterable[Token]) -> dict[int, list[Token]]:
    """Return the tokens of each choice; errors and the end of the body belong to all of them."""
    own: dict[int, list[Token]] = defaultdict(list)
    shared = list[Token]()
    for token in tokens:
        if token.choice is not None:
            own[token.choice].append(token)
        if token.kind in ("error", END):
            shared.append(token)
    return {
        at: sorted([*mine, *shared], key=lambda token: token.span.start)
        for at, mine in sorted(own.items())
    }


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
