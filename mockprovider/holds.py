"""Holds: streams that wait for the harness, and releases that came ahead of time."""

from collections.abc import Callable

from mockprovider.marker import run_of

ALL = "*"


class Holds:
    """Who waits where, and what has been released, by nonce."""

    def __init__(self) -> None:
        self._released = dict[str, set[str]]()
        self._waiting = dict[str, list[tuple[str, Callable[[], None]]]]()

    def open(self, nonce: str, name: str) -> bool:
        """Tell whether a hold has been released already."""
        released = self._released.get(nonce, ())
        return name in released or ALL in released

    def wait(self, nonce: str, name: str, go_on: Callable[[], None]) -> None:
        """Call back at the release of a hold."""
        self._waiting.setdefault(nonce, []).append((name, go_on))

    def give_up(self, nonce: str, go_on: Callable[[], None]) -> None:
        """Forget who waits, because its stream is over."""
        self._keep(nonce, [each for each in self._waiting.get(nonce, []) if each[1] is not go_on])

    def let_go(self, nonce: str, go_on: Callable[[], None]) -> None:
        """Release one that waits, and nobody else, now or later."""
        self.give_up(nonce, go_on)
        go_on()

    def release(self, nonce: str, name: str) -> list[str]:
        """Let go what waits at a hold, now and later; return the names let go."""
        self._released.setdefault(nonce, set()).add(name)
        waiting = self._waiting.pop(nonce, [])
        self._keep(nonce, [each for each in waiting if not self.open(nonce, each[0])])
        gone = [each for each in waiting if self.open(nonce, each[0])]
        for _, go_on in gone:
            go_on()
        return list(dict.fromkeys(held for held, _ in gone))

    def of(self, run: str) -> list[str]:
        """Name the nonces of a run that something is known of."""
        return [nonce for nonce in {*self._released, *self._waiting} if run_of(nonce) == run]

    def forget(self, nonce: str) -> None:
        """Drop what is known of a nonce."""
        self._released.pop(nonce, None)
        self._waiting.pop(nonce, None)

    def _keep(self, nonce: str, waiting: list[tuple[str, Callable[[], None]]]) -> None:
        if waiting:
            self._waiting[nonce] = waiting
        else:
            self._waiting.pop(nonce, None)
