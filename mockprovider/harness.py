"""A mock for the tests of somebody's client: where it is, and markers that ask for scenarios."""

import argparse
import difflib
import json
import re
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Self

from mockprovider.client import Client, MockError
from mockprovider.documents import Entry
from mockprovider.launch import launched
from mockprovider.shapes import Json

NAME = re.compile(r"[A-Za-z0-9._-]+")
ODD = re.compile(r"[^A-Za-z0-9._]+")
# Room for a number within the 64 characters of a nonce.
RUN_LENGTH = 48
Script = str | Mapping[str, Json]
numbers = count(1)


@dataclass(frozen=True, slots=True)
class Urls:
    """The base URLs that official SDKs want; some put the version in front of a path themselves."""

    chat: str
    responses: str
    messages: str
    gemini: str


@dataclass(frozen=True, slots=True)
class MockProvider:
    """A running mock; `ca_file` is what its clients have to trust when it speaks TLS."""

    data_url: str
    control_url: str
    pid: int
    client: Client
    ca_file: str | None = None

    @property
    def url(self) -> Urls:
        """Return the base URL to configure, by surface."""
        versioned = f"{self.data_url}/v1"
        return Urls(versioned, versioned, self.data_url, self.data_url)

    def marker(self, scenario: Script, nonce: str | None = None) -> str:
        """Return what to put into a prompt so that a scenario answers; a script travels along."""
        return f"[[mock:{_carried(scenario)}#{nonce or next_run('marker')}]]"


class ArmedScenario(str):
    """The text to put into a prompt, and what came of the requests that had it."""

    __slots__ = ("client", "nonce")
    client: Client
    nonce: str

    @classmethod
    def of(cls, what: str, nonce: str, client: Client) -> Self:
        """Return the marker of a scenario that answers this nonce."""
        armed = cls(f"[[mock:{what}#{nonce}]]")
        armed.client, armed.nonce = client, nonce
        return armed

    def journal(self, wait: str | None = "ended", *, timeout_ms: float = 5_000) -> list[Entry]:
        """Return an entry for each request, in order; by default once all have ended."""
        return self.client.journal(self.nonce, wait=wait, timeout_ms=timeout_ms)

    def entry(self, wait: str | None = "ended", *, timeout_ms: float = 5_000) -> Entry:
        """Return the entry of the last request; there has to be one."""
        entries = self.journal(wait, timeout_ms=timeout_ms)
        if not entries:
            raise MockError(f"no request with the marker {self} has come in {timeout_ms:g} ms")
        return entries[-1]

    def release(self, hold: str = "*") -> list[str]:
        """Release a hold, or all."""
        return self.client.release(self.nonce, hold)

    def abort(self, how: str = "fin") -> int:
        """End the open streams with `fin` or `rst`."""
        return self.client.abort(self.nonce, how)


@contextmanager
def provider(*options: str) -> Iterator[MockProvider]:
    """Run a mock as long as the block lasts, with the options of `mockprovider serve`."""
    with launched(*options) as told, Client(told["control_url"], token=_token(options)) as client:
        yield MockProvider(
            told["data_url"], told["control_url"], told["pid"], client, told.get("ca")
        )


@contextmanager
def scenarios(mock: MockProvider, test: str) -> Iterator[Callable[[Script], ArmedScenario]]:
    """Give what arms scenarios for one test, and forget them all after it."""
    run, known = next_run(test), dict[str, str]()

    def arm(scenario: Script) -> ArmedScenario:
        nonce = f"{run}-{next(numbers)}"
        if isinstance(scenario, str) and NAME.fullmatch(scenario):
            known.update(known or mock.client.scenarios())
            return ArmedScenario.of(_known(scenario, known), nonce, mock.client)
        mock.client.arm(nonce, scenario)
        return ArmedScenario.of("armed", nonce, mock.client)

    yield arm
    mock.client.forget(run)


def next_run(name: str) -> str:
    """Return the name of a run that no other has, recognisable by the name it is for."""
    return f"{ODD.sub('.', name)[:RUN_LENGTH].strip('.')}.{next(numbers)}"


def _known(name: str, known: Mapping[str, str]) -> str:
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise MockError(f"no scenario {name!r}{hint}")


def _carried(scenario: Script) -> str:
    if isinstance(scenario, str) and NAME.fullmatch(scenario):
        return scenario
    text = scenario if isinstance(scenario, str) else json.dumps(scenario)
    return f"inline:{urlsafe_b64encode(zlib.compress(text.encode())).decode()}"


def _token(options: tuple[str, ...]) -> str | None:
    reader = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    reader.add_argument("--token")
    token: str | None = reader.parse_known_args(options)[0].token
    return token
