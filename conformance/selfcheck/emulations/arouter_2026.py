"""ARouter as its documentation has it since it moved: every stream is made anew."""

from collections.abc import Callable
from dataclasses import replace

from conformance.selfcheck.emulations import arouter
from conformance.selfcheck.emulations.arouter import PAGES, bare, failing, failure, key
from conformance.selfcheck.emulations.surfaces import surfaces
from conformance.selfcheck.reference import REFERENCE
from conformance.selfcheck.router.dialects.chat import chunks
from conformance.selfcheck.router.dialects.chat.dialect import request_body
from conformance.selfcheck.router.dialects.messages import progress
from conformance.selfcheck.router.relay import Relay
from conformance.selfcheck.router.values import Chunk, Json


def asking(relay: Relay) -> dict[str, Json]:
    return {**request_body(relay), "model": bare(relay.model)}


def named(native: Callable[[Chunk, Relay], Chunk]) -> Callable[[Chunk, Relay], Chunk]:
    """Return what all chunks have in common, under the name of the model that was asked for."""

    def identity(chunk: Chunk, relay: Relay) -> Chunk:
        return {**native(chunk, relay), "model": relay.model}

    return identity


AROUTER_2026 = replace(
    REFERENCE,
    failure=failure,
    pages=PAGES,
    dialects=surfaces(
        chat={
            "key": key,
            "request_body": asking,
            "identity": named(chunks.identity),
            "failing": failing,
        },
        messages={
            "key": key,
            "request_body": arouter.request_body,
            "identity": named(progress.identity),
        },
        gemini={"key": key},
    ),
)
