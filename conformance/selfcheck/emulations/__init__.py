"""Routers that keep what a profile promises, each under the name of its profile.

They are what its documentation says a router is, not the router; mutants of them break one promise.
A new one is added to EMULATIONS only.
"""

from conformance.selfcheck.emulations.anyrouter import ANYROUTER
from conformance.selfcheck.emulations.arouter import AROUTER
from conformance.selfcheck.emulations.arouter_2026 import AROUTER_2026
from conformance.selfcheck.emulations.flexai import FLEXAI
from conformance.selfcheck.emulations.fluxrouter import FLUXROUTER
from conformance.selfcheck.router.relay import Parts

EMULATIONS: dict[str, Parts] = {
    "anyrouter": ANYROUTER,
    "arouter": AROUTER,
    "arouter-2026": AROUTER_2026,
    "flexai": FLEXAI,
    "fluxrouter": FLUXROUTER,
}
