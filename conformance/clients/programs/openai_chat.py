"""The loop of OpenAI's Python SDK as routers' pages print it: the first choice, come what may."""

from collections.abc import Iterator

from openai import OpenAI

from conformance.clients.programs.loop import loop


def texts(url: str, model: str, key: str) -> Iterator[str | None]:
    client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
    stream = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hi"}], stream=True
    )
    for chunk in stream:
        yield chunk.choices[0].delta.content


loop(texts)
