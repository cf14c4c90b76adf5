"""What the self-check runs: two mocks and, in one process, all routers in front of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from conformance.drive.launch import launched, python
from conformance.drive.upstream import upstream
from conformance.exchange import SECOND

# The idle limit outlasts the patience of a hold, so that a mutant that keeps back an event is not
# taken for one whose provider has died.
LIMITS = ("--keepalive-ms", "500", "--idle-ms", "4000")


KEPT = ("--entries", "40000")


class Servers(NamedTuple):
    routers_url: str
    control_url: str
    second_url: str  # the control URL of the other mock


@contextmanager
def servers(*limits: str) -> Iterator[Servers]:
    """Run the mocks and the routers as long as the block lasts."""
    # Hundreds of requests a second, and those of a trial that waits are read after a dozen of them.
    with upstream(0, "", *KEPT) as mock, upstream(0, SECOND, *KEPT) as second:
        where = ("--port", "0", "--print-json", "--upstream", f"{mock.data_url}/v1",
                 "--second-upstream", f"{second.data_url}/v1")  # fmt: skip
        command = python("conformance.selfcheck.serve", *where, *(limits or LIMITS))
        with launched(command) as told:
            yield Servers(told["url"], mock.control_url, second.control_url)
