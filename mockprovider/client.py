"""The control plane as a Python object: one method for each call of docs/mock-protocol.md."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self, cast

import httpx

from mockprovider.documents import Entry, Health
from mockprovider.shapes import Json

PATIENCE = 30.0  # seconds
SHOWN = 200
FIRST_ERROR = 400


class MockError(RuntimeError):
    """A control call that was not done; `status` is the answer's, None if there was none."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """A running mock, seen from its control port."""

    def __init__(
        self, control_url: str, *, token: str | None = None, patience: float = PATIENCE
    ) -> None:
        self.control_url = control_url.rstrip("/")
        self._patience = patience
        headers = {"authorization": f"Bearer {token}"} if token else {}
        # A proxy that the environment names is not meant for this.
        self._http = httpx.Client(headers=headers, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def close(self) -> None:
        self._http.close()

    def arm(self, nonce: str, scenario: str | Mapping[str, Json]) -> str:
        """Let a scenario answer the requests of a nonce; TOML as text, or a document."""
        document = {"toml": scenario} if isinstance(scenario, str) else dict(scenario)
        return str(self._call("PUT", f"/armed/{nonce}", document)["armed"])

    def release(self, nonce: str, hold: str = "*") -> list[str]:
        """Release a hold, or all; return the holds that streams were waiting at."""
        released: list[str] = self._call("POST", f"/release/{nonce}", {"hold": hold})["released"]
        return released

    def journal(
        self, nonce: str | None = None, *, run: str | None = None, wait: str | None = None,
        timeout_ms: float = 5_000,
    ) -> list[Entry]:  # fmt: skip
        """Return the entries of a nonce, of a run, or all, in order of arrival.

        `wait` is `started`, `hold:NAME` or `ended`; after the time limit there is what there is.
        """
        given = {"nonce": nonce, "run": run, "wait": wait, "timeout_ms": str(timeout_ms)}
        asked = {name: value for name, value in given.items() if value is not None}
        told = self._call("GET", "/journal", query=asked, longer=timeout_ms / 1000)
        return cast("list[Entry]", told["entries"])

    def abort(self, nonce: str, how: str = "fin") -> int:
        """End the open streams of a nonce with `fin` or `rst`; return how many there were."""
        return int(self._call("POST", f"/abort/{nonce}", {"how": how})["aborted"])

    def forget(self, run: str) -> int:
        """Forget a run; return how many of its streams were open and have been ended."""
        return int(self._call("DELETE", f"/runs/{run}")["ended"])

    def scenarios(self) -> dict[str, str]:
        """Return the scenarios the mock knows by name, and their summaries."""
        known = self._call("GET", "/scenarios")["scenarios"]
        return {each["name"]: each["summary"] for each in known}

    def health(self) -> Health:
        """Say that the mock runs, which one it is, and where its data plane is."""
        return cast("Health", self._call("GET", "/health"))

    def metrics(self) -> dict[str, Json]:
        """Return open connections and streams, totals, and resident memory."""
        return self._call("GET", "/metrics")

    def _call(
        self, method: str, path: str, document: Json = None, *,
        query: Mapping[str, str] | None = None, longer: float = 0,
    ) -> dict[str, Json]:  # fmt: skip
        url = f"{self.control_url}/_mock{path}"
        try:
            answer = self._http.request(
                method, url, json=document, params=query, timeout=self._patience + longer
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise MockError(f"{method} {url}: no mock provider answers there ({why})") from error
        return _told(answer, f"{method} {url}")


def _told(answer: httpx.Response, call: str) -> dict[str, Json]:
    """Return what the control plane answered; raise if it refused, or is not what answered."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    refused = answer.status_code >= FIRST_ERROR
    if not isinstance(told, dict) or (refused and not isinstance(told.get("error"), str)):
        raise MockError(
            f"{call}: {answer.status_code} {answer.text[:SHOWN]!r}, which no control plane says; "
            "the control port is the one to ask, not the data port",
            answer.status_code,
        )
    if refused:
        raise MockError(f"{call}: {answer.status_code}: {told['error']}", answer.status_code)
    return told
