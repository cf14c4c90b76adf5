"""The options of a run: one table, read by the pytest plugin and by the command line.

Imported in every pytest session of whoever has this package installed, so it must stay cheap.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Option(NamedTuple):
    """One option; `how` is what argparse and pytest are told about it."""

    flag: str
    how: Mapping[str, Any]

    @property
    def dest(self) -> str:
        """A name that no other plugin's option has."""
        return "conformance_" + self.flag.removeprefix("--").replace("-", "_")


OPTIONS = (
    Option("--router-url", {
        "metavar": "URL",
        "help": "base URL of the router, as the official SDKs take it; without a path it gets /v1",
    }),
    Option("--router-key", {
        "metavar": "KEY",
        "help": "API key the router wants (default: the environment variable ROUTER_KEY)",
    }),
    Option("--router-model", {
        "metavar": "MODEL",
        "help": "model name to ask the router for (default: mock-model)",
    }),
    Option("--router-profile", {
        "metavar": "NAME",
        "default": "generic",
        "help": "what the router promises: a shipped profile or a TOML file (default: generic)",
    }),
    Option("--surface", {
        "metavar": "NAME,...",
        "help": "what the router is asked as: chat, responses, messages, gemini (default: what "
        "its profile says, chat where it says nothing)",
    }),
    Option("--mock-port", {
        "metavar": "PORT",
        "type": int,
        "default": 9100,
        "help": "port on which the mock provider is started for the router (default: 9100)",
    }),
    Option("--mock-url", {
        "metavar": "URL",
        "help": "control URL of a mock provider that runs already; none is started then",
    }),
    Option("--second-mock-port", {
        "metavar": "PORT",
        "type": int,
        "default": 9102,
        "help": "port of the mock that plays the provider a router falls back to; it is started "
        "where the profile declares fallback (default: 9102)",
    }),
    Option("--second-mock-url", {
        "metavar": "URL",
        "help": "control URL of a mock that runs already for that, as --name second",
    }),
    Option("--black-box", {
        "action": "store_true",
        "help": "judge only what the client sees; the router's upstream is not the mock",
    }),
    Option("--deadline", {
        "metavar": "SECONDS",
        "type": float,
        "default": 20.0,
        "help": "most a single answer may take (default: 20)",
    }),
    Option("--patience", {
        "metavar": "SECONDS",
        "type": float,
        "default": 3.0,
        "help": "how long to wait for an event that was sent and is held back (default: 3)",
    }),
    Option("--crowd", {
        "metavar": "CLIENTS",
        "type": int,
        "default": 200,
        "help": "clients side by side where a rule is about many (default: 200)",
    }),
    Option("--strict-should", {
        "action": "store_true",
        "help": "a broken SHOULD rule makes the router not conformant too",
    }),
    Option("--expected-failures", {
        "metavar": "FILE",
        "help": "failures the router's owner knows of (default: expected-failures.toml beside "
        "the profile's file or here, if there is one)",
    }),
    Option("--update-expected", {
        "metavar": "OWNER",
        "help": "write that file anew once all is judged; new entries are this owner's",
    }),
    Option("--router-version", {
        "metavar": "VERSION",
        "help": "version of the router, on which expected failures may depend",
    }),
    Option("--clients", {
        "action": "store_true",
        "help": "play the streams to the client programs that are installed, and say who can use "
        "this router",
    }),
    Option("--run-dir", {
        "metavar": "DIR",
        "default": "streamproof-run",
        "help": "where run.jsonl is written (default: streamproof-run)",
    }),
)  # fmt: skip
