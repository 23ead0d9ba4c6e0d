"""The lab's Flask server: /health and /predict over the example model, every answer JSON.

In production gunicorn calls create_app() (gunicorn.conf.py); `python app.py` runs Flask's own server.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import numpy as np
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from predictor import Predictor
from settings import positive_int
from validation import InvalidRequest, parse_batch

# The same relative place in the repository and in the image (see Dockerfile).
DEFAULT_MODEL = Path(__file__).resolve().parent.parent / "model_repository" / "example_model" / "1" / "model.savedmodel"


def create_app(model_path: str | os.PathLike[str] | None = None) -> Flask:
    """Builds the server around the SavedModel at `model_path` (default: $MODEL_PATH, then the repository's model).

    A model that cannot be loaded does not stop the server: /health then answers 503, which is what an
    orchestrator looks at.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = positive_int("MAX_CONTENT_LENGTH", 1024 * 1024)
    max_batch_size = positive_int("MAX_BATCH_SIZE", 8)
    predictor = _load(app, Path(model_path or os.environ.get("MODEL_PATH") or DEFAULT_MODEL), max_batch_size)

    @app.get("/health")
    def health() -> Response:
        if predictor is None:
            return _reply({"status": "unhealthy", "model_loaded": False}, 503)
        return _reply({"status": "healthy", "model_loaded": True})

    @app.post("/predict")
    def predict() -> Response:
        if predictor is None:
            return _error("the model is not loaded; the server's log says why", 503)
        batch, batched = parse_batch(_body(), max_batch_size)
        probabilities = predictor.predict(batch)
        if not np.isfinite(probabilities).all():
            raise InvalidRequest("the features are so large that the model has no finite answer for them")
        return _reply(_answer(probabilities.tolist(), batched))

    app.register_error_handler(InvalidRequest, lambda error: _error(str(error), 400))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _internal_error)
    return app


def _load(app: Flask, model_path: Path, max_batch_size: int) -> Predictor | None:
    try:
        return Predictor(model_path, max_batch_size)
    except Exception:
        app.logger.exception("cannot load the model at %s", model_path)
        return None


def _body() -> bytes:
    body = request.get_data(cache=False)
    # A chunked body announces no length, and Werkzeug cuts it off at the limit without saying so.
    if request.content_length is None and len(body) >= (request.max_content_length or 0):
        raise RequestEntityTooLarge
    return body


def _answer(raw: list[float], batched: bool) -> dict[str, object]:
    # tolist() turns each float32 into the double of exactly its value, so JSON carries every bit of it.
    prediction = [1 if p > 0.5 else 0 for p in raw]
    confidence = [max(p, 1 - p) for p in raw]
    if batched:
        return {"prediction": prediction, "confidence": confidence, "raw_output": raw}
    return {"prediction": prediction[0], "confidence": confidence[0], "raw_output": raw[0]}


def _reply(payload: dict[str, object], status: int = 200) -> Response:
    return Response(json.dumps(payload), status, mimetype="application/json")


def _error(message: str, status: int) -> Response:
    return _reply({"error": message}, status)


def _http_error(error: HTTPException) -> Response:
    """404, 405, 413 and the like keep their status and headers (Allow); only the HTML body becomes JSON."""
    messages = {
        404: f"there is nothing at {request.path}; the paths are /health and /predict",
        405: f"{request.path} does not answer {request.method}",
        413: f"the body is larger than {request.max_content_length} bytes",
    }
    response = error.get_response()
    if response.status_code >= 400:
        response.data = json.dumps({"error": messages.get(response.status_code, error.description)})
        response.content_type = "application/json"
    return response


def _internal_error(error: Exception) -> Response:
    logging.getLogger(__name__).error("%s %s failed", request.method, request.path, exc_info=error)
    return _error("internal error", 500)


def main() -> None:
    """Flask's own server. It closes the connection after every answer, which is what makes it slow under load.

    The lab runs it with debug=True. Here that is opt-in (DEBUG=1): the debugger lets whoever can reach the port run
    code, and its reloader starts a second process with a second copy of the model, so that neither memory nor CPU
    time can be attributed.
    """
    debug = os.environ.get("DEBUG", "") == "1"
    if not debug:
        # One log line per request would be measured as part of the server, and fills the log of a load test.
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
    host, port = os.environ.get("HOST", "127.0.0.1"), positive_int("PORT", 5000)
    print(f"serving on http://{host}:{port}", flush=True)
    create_app().run(host, port, debug=debug, threaded=True)


if __name__ == "__main__":
    main()
