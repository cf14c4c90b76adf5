"""Every probe there is. A new theme is added to MODULES and nowhere else."""

from conformance.probes import (
    access,
    bill,
    cancel,
    failures,
    fallback,
    framing,
    gemini,
    headers,
    limits,
    members,
    messages,
    odd,
    offsets,
    parity,
    refusals,
    responses,
    text,
    tools,
    transparency,
    transport,
    turns,
    usage,
)
from conformance.probes.probe import Probe

MODULES = (
    access,
    bill,
    cancel,
    failures,
    fallback,
    framing,
    gemini,
    headers,
    limits,
    members,
    messages,
    odd,
    offsets,
    parity,
    refusals,
    responses,
    text,
    tools,
    transport,
    turns,
    transparency,
    usage,
)

PROBES: dict[str, Probe] = {probe.id: probe for module in MODULES for probe in module.PROBES}
