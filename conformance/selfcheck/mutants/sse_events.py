"""Routers that take an odd event for something else: for the end, for a failure, for nothing."""

import json

from conformance.selfcheck.router.events import BOM, Event, Item, Reader, TooLong
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.variant import mutant


def broken(item: Item) -> bool:
    """Tell whether an event begins like JSON and is none."""
    try:
        return isinstance(item, Event) and item.data[:1] == "{" and not json.loads(item.data)
    except ValueError:
        return True


class Unbegun(Reader):
    """Keeps a byte order mark as part of the first field's name, and does not know that field."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._began = True
        self._marked = False

    def _line(self, line: bytes, items: list[Item]) -> None:
        self._marked |= line.startswith(BOM)
        super()._line(line, items)

    def _dispatch(self, items: list[Item]) -> None:
        # Whoever dispatches by the name of an event has lost that one with its name.
        if self._marked:
            self._data, self._marked = [], False
        super()._dispatch(items)


@mutant("reader", breaks="sse.bom")
def loses_the_event_behind_a_bom(relay: Relay) -> Reader:
    """Does not drop a leading byte order mark."""
    return Unbegun(relay.settings.limit)


class NoEmptiness(Reader):
    """Gives up where an event has no data."""

    def feed(self, data: bytes) -> list[Item]:
        items = super().feed(data)
        if any(isinstance(item, Event) and not item.data for item in items):
            raise TooLong("an event without data")
        return items


@mutant("reader", breaks="sse.empty-data-tolerated")
def fails_at_empty_data(relay: Relay) -> Reader:
    """Takes an event without data for a broken stream."""
    return NoEmptiness(relay.settings.limit)


class Careless(Reader):
    """Forgets a last event that has no blank line, and takes the answer for whole without it."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay.settings.limit)
        self._relay = relay

    def close(self) -> list[Item]:
        pending = super().close()
        whole = [item for item in pending if isinstance(item, Event) and not broken(item)]
        if whole:
            self._relay.choices[0].finished = True
        return [] if whole else pending


@mutant("reader", breaks="sse.final-event-flush")
def drops_an_unfinished_last_event(relay: Relay) -> Reader:
    """Forgets a last event without its blank line, and calls the stream complete."""
    return Careless(relay)


class QuietEnd(Reader):
    """Takes what is no JSON for the end, and reads no further."""

    def __init__(self, relay: Relay) -> None:
        super().__init__(relay.settings.limit)
        self._choices = relay.choices
        self._over = False

    def feed(self, data: bytes) -> list[Item]:
        kept: list[Item] = []
        for item in super().feed(data):
            self._over |= broken(item) and bool(self._choices)
            kept += [] if self._over else [item]
        return kept

    def close(self) -> list[Item]:
        if self._over:
            self._choices[0].finished = True
        return [] if self._over else super().close()


@mutant("reader", breaks="sse.malformed-event-policy")
def ends_quietly_at_a_malformed_event(relay: Relay) -> Reader:
    """Ends the stream as if it were complete where an event is cut short."""
    return QuietEnd(relay)
