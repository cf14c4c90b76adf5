"""What is sent to a router and what the provider behind it is told to do meanwhile."""

import json
import re
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from conformance.exchange import SURFACES, Headers, Json
from conformance.profiles.policy import BILL, FALLBACK
from conformance.profiles.rows import Endpoint
from conformance.resources import scenario


@dataclass(frozen=True, slots=True)
class Send:
    """One request of a probe."""

    mode: str = "stream"
    # merged into the request body, in the chat API's words; None leaves a member out
    ask: Mapping[str, Json] = field(default_factory=dict)
    change: Mapping[str, Json] = field(default_factory=dict)  # merged into the scenario
    headers: Headers = ()
    without: tuple[str, ...] = ()  # headers of the surface that are left out
    leave: str = ""  # the hold at which the client goes away instead of having it released
    # The part of a crowd of clients that sends it; those of crowds in a row are there at once.
    crowd: float = 0.0
    again: str = ""  # the one whose request this is once more, word for word but for the mode
    unread: bool = False  # the client takes nothing of the answer, and leaves in the end
    closes: bool = False  # its client closes in the moment the last event has come
    stays: bool = False  # begins ahead of the others and is held back until all who leave have left
    # How far the provider is with it (`started`, `blocked`, `hold:NAME`) before the others are
    # sent; it goes on beside them, and its client leaves once they have ended.
    lasts: str = ""
    rested: bool = False  # ahead of it the router has time to notice what has become of connections
    limited: bool = False  # asked with the key that has a limit of tokens
    model: str = ""  # the feature of the profile that names the model to ask for
    header: str = ""  # the feature that holds a header to send
    key: str | None = None  # in place of the router's own; empty: none is sent
    # One request for each that the profile declares: `way` to send a key, or `endpoint`; or for
    # each place at which the guarded word can be `cut`.
    each: str = ""
    way: str = ""  # how the key is sent; empty: the first way there is
    endpoint: Endpoint | None = None  # what is asked in place of the surface
    cut: int = 0  # where the guarded word is cut in two


EVERYWHERE = " ".join(SURFACES)
QUESTION = "Reply with the two words: hello world"
STREAM: Mapping[str, Send] = {"stream": Send()}


class Given(NamedTuple):
    """What a script is made for: in its texts the names in braces stand for these.

    A text that is nothing but `{at}` is that number.
    """

    nonce: str = ""
    limit: float = 1.0  # seconds; the script's waits are for one
    word: str = ""  # what a guard forbids: {word}, or {head} and {tail} of it
    at: int = 1  # where head and tail part; which client it is of a crowd

    def fill(self, value: Json) -> Json:
        """Return a part of a script with the names in it replaced."""
        if isinstance(value, dict):
            return {key: self.fill(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self.fill(member) for member in value]
        if value == "{at}":
            return self.at
        if not isinstance(value, str) or "{" not in value:
            return value
        known = {"{nonce}": self.nonce, "{word}": self.word,
                 "{head}": self.word[: self.at], "{tail}": self.word[self.at :]}  # fmt: skip
        return NAMED.sub(lambda found: known[found[0]], value)


PLAINLY = Given()
NAMED = re.compile(r"\{(?:nonce|word|head|tail)\}")


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe yields one trial; its tags say which rules judge it.

    Tags: `healthy` means that every rule about an undisturbed answer applies. A probe whose
    provider misbehaves or is odd has tags of its own, so that one defect is one finding.
    """

    id: str
    tags: str
    scenario: str
    sends: Mapping[str, Send] = field(default_factory=lambda: STREAM)
    surfaces: str = "chat"  # words; EVERYWHERE where the scenario says the same on each
    question: str = ""  # what a real model is asked instead; without it the probe needs the mock
    may_refuse: bool = False  # a router that does not offer this may answer 400
    heavy: bool = False  # one trial takes as long as dozens of others
    upsets: bool = False  # what it does to shared connections is felt by others
    patient: float = 0.0  # seconds more that a request of it may take
    taxing: bool = False  # it takes what a machine can give
    billed: bool = False  # the router is asked what each of its requests cost
    afresh: bool = False  # ahead of each request the router has to be at its first provider again
    feature: str = ""  # what the profile has to declare for it: words
    limit: str = ""  # the declared limit it is about: the script's waits are for one of a second

    @property
    def wants(self) -> set[str]:
        """Return what a profile has to declare, or the probe is not sent."""
        return {self.limit, BILL if self.billed else "", *self.feature.split()} - {""}

    @property
    def remembered(self) -> bool:
        """Tell whether a router remembers it: with a choice of providers, how they have been."""
        return FALLBACK in self.feature.split()

    @property
    def alone(self) -> bool:
        """Tell whether it is asked last and by itself."""
        return self.remembered or self.upsets or self.taxing

    def document(self, name: str, given: Given = PLAINLY) -> Json:
        """Return the scenario the provider plays for one of the requests.

        A request that comes again is answered by the last attempt that is written down.
        """
        send = self.sends[name]
        told = self._played(send.again or name, given)
        return told | told.pop("attempt", [{}])[-1] if send.again else told

    def marker(self, name: str, given: Given) -> str:
        """Return the text that makes the mock play it, whatever the router does to the rest."""
        first = self.sends[name].again or name
        if not (self.sends[first].change or self.limit):
            return f"[[mock:{self.scenario}#{given.nonce}]]"
        return f"[[mock:inline:{_packed(json.dumps(self._played(first, given)))}#{given.nonce}]]"

    def _played(self, name: str, given: Given) -> Json:
        told = {**scenario(self.scenario), **given.fill(dict(self.sends[name].change))}
        if self.limit:
            told["step"] = [_stretched(step, given.limit) for step in told["step"]]
        return told


@lru_cache(maxsize=2048)
def _packed(script: str) -> str:
    return urlsafe_b64encode(zlib.compress(script.encode(), 9)).decode().rstrip("=")


def _stretched(step: Json, limit: float) -> Json:
    return {**step, "wait_ms": step["wait_ms"] * limit} if "wait_ms" in step else step
