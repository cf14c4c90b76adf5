"""The loop of Google's older Python SDK over REST, whose streams are one JSON array."""

from collections.abc import Iterator

import google.generativeai as genai

from conformance.clients.programs.loop import loop


def texts(url: str, model: str, key: str) -> Iterator[str | None]:
    genai.configure(  # type: ignore[attr-defined]
        api_key=key, transport="rest", client_options={"api_endpoint": url}
    )
    asked = genai.GenerativeModel(model)  # type: ignore[attr-defined]
    for chunk in asked.generate_content("Hi", stream=True):
        yield chunk.text


loop(texts)
