"""Every mistake of a client is a status and one sentence, and no mistake of the server shows its inside."""

from __future__ import annotations

import io

import numpy as np
import pytest

from app import create_app
from predictor import Predictor
from settings import positive_int

ROW = "[1, 2, 3, 4]"
CONSTANT = "is not a number that JSON allows; every feature must be finite"

BAD_BODIES = [
    (b"", 'the body is empty; expected JSON like {"features": [1.2, 3.4, 5.6, 7.8]}'),
    (b"hello", "the body is not valid JSON: Expecting value: line 1 column 1 (char 0)"),
    (b'{"features": [1, 2, 3, 4]', "the body is not valid JSON: "),
    (b"\xff\xfe\xfd", "the body is not valid JSON: "),
    (b'{"features": [' + b"9" * 5000 + b", 2, 3, 4]}", "the body is not valid JSON: "),
    (b"[" * 100_000, "the body is nested too deeply"),
    (b"[1, 2, 3, 4]", "the body must be a JSON object, not a list"),
    (b'"features"', "the body must be a JSON object, not a string"),
    (b"7", "the body must be a JSON object, not a number"),
    (b"true", "the body must be a JSON object, not a boolean"),
    (b"null", "the body must be a JSON object, not null"),
    (b"{}", "the key 'features' is missing"),
    (b'{"Features": [1, 2, 3, 4]}', "the key 'features' is missing"),
    (b'{"features": null}', "features must be a list, not null"),
    (b'{"features": "1,2,3,4"}', "features must be a list, not a string"),
    (b'{"features": {"a": 1}}', "features must be a list, not an object"),
    (b'{"features": 1.5}', "features must be a list, not a number"),
    (b'{"features": []}', "features is empty"),
    (b'{"features": [1, 2, 3]}', "features must have 4 numbers, not 3"),
    (b'{"features": [1, 2, 3, 4, 5]}', "features must have 4 numbers, not 5"),
    (b'{"features": [1, true, 3, 4]}', "features[1] must be a number, not a boolean"),
    (b'{"features": [1, "2", 3, 4]}', "features[1] must be a number, not a string"),
    (b'{"features": [1, null, 3, 4]}', "features[1] must be a number, not null"),
    (b'{"features": [1, 2, [3], 4]}', "features[2] must be a number, not a list"),
    (b'{"features": [1, 2, NaN, 4]}', f"NaN {CONSTANT}"),
    (b'{"features": [1, 2, Infinity, 4]}', f"Infinity {CONSTANT}"),
    (b'{"features": [1, 2, -Infinity, 4]}', f"-Infinity {CONSTANT}"),
    (b'{"features": [1, 2, 1e39, 4]}', "features[2] is too large for a 32-bit float"),
    (b'{"features": [1, 2, -1e999, 4]}', "features[2] is too large for a 32-bit float"),
    (b'{"features": [1, 2, 3, 1' + b"0" * 400 + b"]}", "features[3] is too large for a 32-bit float"),
    (b'{"features": [[1, 2, 3, 4], [1, 2, -1e39, 4]]}', "features[1][2] is too large for a 32-bit float"),
    (b'{"features": [[1, 2, 3, 4], [1' + b"0" * 400 + b', 2, 3, 4]]}', "features[1][0] is too large for a 32-bit float"),
    (b'{"features": [[]]}', "features[0] must have 4 numbers, not 0"),
    (b'{"features": [[1, 2, 3, 4], [1, 2, 3]]}', "features[1] must have 4 numbers, not 3"),
    (b'{"features": [[1, 2, 3, 4], 5]}', "features[1] must be a list of 4 numbers like the first row, not a number"),
    (b'{"features": [[1, 2, 3, 4], null]}', "features[1] must be a list of 4 numbers like the first row, not null"),
    (b'{"features": [[[1, 2, 3, 4]]]}', "features[0][0] must be a number, not a list"),
    (b'{"features": [[1, 2, 3, false]]}', "features[0][3] must be a number, not a boolean"),
    (
        ('{"features": [' + ", ".join([ROW] * 9) + "]}").encode(),
        "the batch has 9 rows, more than the maximum of 8",
    ),
]


def test_features_without_a_finite_answer_are_a_400(client, monkeypatch):
    # Whether huge features overflow to a NaN or saturate depends on the kernels that TensorFlow has for the CPU.
    monkeypatch.setattr(Predictor, "predict", lambda self, batch: np.full(len(batch), np.nan, np.float32))
    response = client.post("/predict", json={"features": [-3.4e38, -3.4e38, -3.4e38, -3.4e38]})
    assert response.status_code == 400
    assert response.get_json() == {"error": "the features are so large that the model has no finite answer for them"}


@pytest.mark.parametrize(("body", "message"), BAD_BODIES, ids=[f"{i}: {m[:50]}" for i, (_, m) in enumerate(BAD_BODIES)])
def test_a_bad_body_is_a_400_with_one_clear_sentence(client, body, message):
    response = client.post("/predict", data=body, content_type="application/json")
    assert response.status_code == 400
    assert response.content_type == "application/json"
    answer = response.get_json()
    assert list(answer) == ["error"]
    # The parser's own words follow the colon; they change between versions of Python.
    assert answer["error"].startswith(message) if message.endswith(": ") else answer["error"] == message


def test_an_unknown_path_is_a_404_that_names_the_paths(client):
    response = client.get("/nothing")
    assert response.status_code == 404
    assert response.get_json() == {"error": "there is nothing at /nothing; the paths are /health and /predict"}


@pytest.mark.parametrize(("method", "path"), [("GET", "/predict"), ("PUT", "/predict"), ("POST", "/health")])
def test_a_wrong_method_is_a_405_that_keeps_the_allow_header(client, method, path):
    response = client.open(path, method=method)
    assert response.status_code == 405
    assert response.get_json() == {"error": f"{path} does not answer {method}"}
    assert "OPTIONS" in response.headers["Allow"]


def test_a_body_over_the_limit_is_a_413(client):
    response = client.post("/predict", data=b"x" * (1024 * 1024 + 1))
    assert response.status_code == 413
    assert response.get_json() == {"error": "the body is larger than 1048576 bytes"}


def test_a_chunked_body_over_the_limit_is_a_413_too(client):
    # No Content-Length, and a server that marks where the body ends, as gunicorn does.
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    body = io.BytesIO(b" " * (3 * 1024 * 1024))
    response = client.post("/predict", input_stream=body, environ_overrides=environ)
    assert response.status_code == 413
    assert response.get_json() == {"error": "the body is larger than 1048576 bytes"}


def test_an_unexpected_failure_is_logged_and_tells_the_client_nothing(monkeypatch, caplog):
    from predictor import Predictor

    client = create_app().test_client()

    def fail(self, batch):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Predictor, "predict", fail)
    response = client.post("/predict", json={"features": [1, 2, 3, 4]})
    assert response.status_code == 500
    assert response.get_json() == {"error": "internal error"}
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("value", ["0", "-1", "eight", "1.5"])
def test_a_wrong_setting_stops_the_server_with_a_sentence(monkeypatch, value):
    monkeypatch.setenv("MAX_BATCH_SIZE", value)
    with pytest.raises(SystemExit, match=f"MAX_BATCH_SIZE must be a whole number of at least 1, not '{value}'"):
        positive_int("MAX_BATCH_SIZE", 8)
