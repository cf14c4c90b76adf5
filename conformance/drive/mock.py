"""The control client: releases holds and reads the journal of the mock provider."""

from collections.abc import Mapping
from typing import Any

import httpx

from conformance.drive.capture import IDLE
from conformance.exchange import Json


class MockTrouble(RuntimeError):
    """The mock does not do its part; the message says what was asked and what came back."""


class Mock:
    """A running mock provider, seen from its control port."""

    def __init__(self, control_url: str) -> None:
        self.control_url = control_url.rstrip("/")
        pool = httpx.Limits(keepalive_expiry=IDLE)
        self._http = httpx.AsyncClient(
            base_url=self.control_url, timeout=30, trust_env=False, limits=pool
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def data_url(self) -> str:
        return str((await self._call("GET", "/_mock/health"))["data_url"])

    async def release(self, nonce: str, hold: str) -> None:
        await self._call("POST", f"/_mock/release/{nonce}", json={"hold": hold})

    async def journal(self, nonce: str, settle_ms: int = 2000) -> tuple[Json, ...]:
        """Return the entries of a nonce; those still open get a moment to end."""
        asked: dict[str, str] = {"nonce": nonce}
        entries = (await self._call("GET", "/_mock/journal", params=asked))["entries"]
        if any(entry["end"] is None for entry in entries):
            asked |= {"wait": "ended", "timeout_ms": str(settle_ms)}
            entries = (await self._call("GET", "/_mock/journal", params=asked))["entries"]
        return tuple(entries)

    async def forget(self, run: str) -> None:
        await self._call("DELETE", f"/_mock/runs/{run}")

    async def _call(
        self, method: str, path: str, *, json: Json = None, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            response = await self._http.request(method, path, json=json, params=params)
            told = response.json()
        except (httpx.HTTPError, ValueError) as error:
            what = f"{method} {self.control_url}{path}"
            raise MockTrouble(f"{what}: no answer of a mock provider ({error})") from error
        if response.status_code >= 400 or not isinstance(told, dict):  # noqa: PLR2004
            what = f"{method} {self.control_url}{path}"
            raise MockTrouble(f"{what}: {response.status_code} {response.text[:200]}")
        return told
