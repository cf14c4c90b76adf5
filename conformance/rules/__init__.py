"""Every rule there is. A new family is added to MODULES and nowhere else."""

from conformance.rules import (
    anth,
    anth_blocks,
    bill,
    cancel,
    choice,
    chunk,
    content,
    done,
    err,
    err_events,
    finish,
    gem,
    gem_parts,
    hdr,
    http,
    limits,
    parity,
    pre,
    reason,
    sse,
    sse_events,
    tool,
    usage,
    usage_counts,
    utf8,
)
from conformance.rules.rule import Rule

MODULES = (
    anth,
    anth_blocks,
    bill,
    cancel,
    choice,
    chunk,
    content,
    done,
    err,
    err_events,
    finish,
    gem,
    gem_parts,
    hdr,
    http,
    limits,
    parity,
    pre,
    reason,
    sse,
    sse_events,
    tool,
    usage,
    usage_counts,
    utf8,
)

RULES: dict[str, Rule] = {
    rule.id: rule for module in MODULES for rule in vars(module).values() if isinstance(rule, Rule)
}
