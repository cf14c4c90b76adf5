"""Every mutant there is, one module per family of rules. A new one is added to MODULES only."""

from conformance.selfcheck.mutants import (
    bill,
    cancel,
    choice,
    chunk,
    content,
    done,
    err,
    finish,
    gem,
    gemini,
    gemini_stream,
    hdr,
    http,
    parity,
    pre,
    reason,
    sse,
    timeout,
    tool,
    usage,
    utf8,
)
from conformance.selfcheck.variant import Variant, collected

MODULES = (
    bill,
    cancel,
    choice,
    chunk,
    content,
    done,
    err,
    finish,
    gem,
    gemini,
    gemini_stream,
    hdr,
    http,
    parity,
    pre,
    reason,
    sse,
    timeout,
    tool,
    usage,
    utf8,
)

MUTANTS: dict[str, Variant] = collected(*MODULES)
