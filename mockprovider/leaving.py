"""A peer that has gone, told from one that only shut its sending side: both have sent FIN."""

from collections.abc import Callable

from mockprovider.clock import Wheel
from mockprovider.outlet import Outlet

TRIES = 100
POLL = 0.005


def tell(outlet: Outlet, wheel: Wheel, left: Callable[[str], None]) -> None:
    """Call back with how the peer left, once it has answered a byte.

    Who has gone answers it with RST, who only shut its sending side acknowledges it.
    """
    outlet.probe()
    _look(outlet, wheel, left, TRIES)


def _look(outlet: Outlet, wheel: Wheel, left: Callable[[str], None], tries: int) -> None:
    if outlet.closed:
        return
    if outlet.failure is not None or outlet.peer.gone():
        left("peer-fin")
    elif not outlet.unacked() or not tries:
        left("half-close")
    else:
        wheel.at(wheel.now() + POLL, lambda: _look(outlet, wheel, left, tries - 1))
