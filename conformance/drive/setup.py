"""Asks a router that is up for what has to be there before anybody asks it for an answer."""

from collections.abc import Mapping

import httpx

from conformance.drive.launch import LaunchFailed
from conformance.drive.rows import at
from conformance.exchange import Json

SECONDS = 60.0
SHOWN = 400  # characters of an answer


def told(
    method: str, url: str, headers: Mapping[str, str], body: Json, keep: Mapping[str, str]
) -> dict[str, str]:
    """Return what an answer has at places, by their names; one that has not is no answer."""
    asked = f"{method} {url}"
    try:
        answer = httpx.request(
            method, url, headers=headers, json=body, timeout=SECONDS, trust_env=False
        )
    except httpx.HTTPError as error:
        raise LaunchFailed(f"{asked}: {error}") from error
    said = answer.text[:SHOWN]
    if not answer.is_success:
        raise LaunchFailed(f"{asked} answered {answer.status_code}, not 2xx: {said}")
    found = {name: at(answer.text, place) for name, place in keep.items()}
    for name, value in found.items():
        if value is None:
            raise LaunchFailed(f"{asked} has no {keep[name]!r} for {name!r} in its answer: {said}")
    return {name: str(value) for name, value in found.items()}
