"""The loop of Google's Python SDK over a stream of events."""

from collections.abc import Iterator

from google import genai
from google.genai import types

from conformance.clients.programs.loop import loop


def texts(url: str, model: str, key: str) -> Iterator[str | None]:
    options = types.HttpOptions(base_url=url)
    client = genai.Client(api_key=key, http_options=options)
    for chunk in client.models.generate_content_stream(model=model, contents="Hi"):
        yield chunk.text


loop(texts)
