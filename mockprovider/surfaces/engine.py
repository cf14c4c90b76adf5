"""What an inference engine tells of itself beside its APIs: that it is up, and what it serves."""

import re
from collections.abc import Mapping

from mockprovider.shapes import Json
from mockprovider.surfaces.surface import Answerer, Route

MODEL = "mock-model"
# A folder: a router that reads a bare name here asks a hub of models for its tokenizer.
FOLDER = f"/models/{MODEL}"


def health(params: Mapping[str, str]) -> tuple[int, Mapping[str, Json]]:
    """Answer that the engine is up."""
    return 200, {}


def server(params: Mapping[str, str]) -> tuple[int, Mapping[str, Json]]:
    """Answer for what the engine was started with."""
    return 200, {
        "model_path": FOLDER, "served_model_name": MODEL, "tp_size": 1, "dp_size": 1,
        "disaggregation_mode": "null",
    }  # fmt: skip


def served(params: Mapping[str, str]) -> tuple[int, Mapping[str, Json]]:
    """Answer for the model the engine has loaded."""
    return 200, {"model_path": FOLDER, "is_generation": True, "model_type": "mock"}


def _told(path: str, answer: Answerer) -> Route:
    return Route("GET", re.compile(path), answer=answer, keyless=True)


ROUTES = (
    _told("/health", health),
    _told("/(?:get_)?server_info", server),
    _told("/(?:get_)?model_info", served),
)
