"""MLflow has the address of Gemini in its source: here it is the mock."""  # noqa: INP001  (Python loads it)

from mlflow.gateway.providers import gemini  # type: ignore[import-not-found]  # it is there then

gemini.GeminiProvider.base_url = "{{upstream}}/v1beta/models"
