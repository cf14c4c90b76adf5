"""Where a provider holds its answer back, and what has to come of it before it goes on."""

import asyncio
import re
from collections.abc import Mapping

from conformance.exchange import Json
from conformance.protocols.outcome import fragments, spoken, steps

#: What ends a stream where a script writes the end itself.
TERMINATORS = ("[DONE]", "message_stop")
SIGN = "\n"  # of life: an event or a comment, whichever
#: The last event of a stream that says all it has to, as far as its blank line.
LAST: Mapping[str, re.Pattern[bytes]] = {
    surface: re.compile(sign + rb".*?(?:\n\n|\r\n\r\n|\r\r)", re.DOTALL)
    for surface, sign in (
        ("chat", rb"\[DONE\]"),
        ("responses", rb"response\.(?:completed|incomplete|failed)"),
        ("messages", rb"message_stop"),
        ("gemini", rb"finishReason"),
    )
}


Holds = list[tuple[str, str | None]]  # the name of each, and the last word sent ahead of it


def holds(scenario: Json | None) -> Holds:
    """Return each hold with the last word that was sent ahead of it.

    After the terminator there is no word to come, only the end of the body: None. After a
    keep-alive it is whatever the router makes of it.
    """
    found: Holds = []
    word: str | None = ""
    if scenario and (hold := scenario.get("head", {}).get("hold")):
        found.append((hold, ""))
    for step in steps(scenario) if scenario else ():
        if "say" in step:
            word = spoken(step).strip()
        elif "arguments" in step:
            word = step["arguments"]
        elif "call" in step:
            word = next(iter(reversed(fragments(step["call"]))), step["call"]["name"])
        elif "ping" in step:
            word = SIGN
        elif any(last in step.get("raw", "") for last in TERMINATORS):
            word = None
        elif "hold" in step:
            found.append((step["hold"], word))
    return found


class Going:
    """Those of a trial who leave: how many are still there, and when all have gone."""

    def __init__(self, number: int) -> None:
        self._here, self.gone = number, asyncio.Event()

    def left(self) -> None:
        self._here -= 1
        if self._here <= 0:
            self.gone.set()
