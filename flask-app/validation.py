"""Turns the body of a /predict request into a float32 batch, or says in one sentence why it cannot.

Everything that reaches the model has passed through here: a wrong shape, a NaN or an overflow would otherwise
surface as a TensorFlow error or, worse, as an answer that is not JSON.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import numpy as np

FEATURES = 4

_JSON_NAMES = {bool: "a boolean", str: "a string", list: "a list", dict: "an object", type(None): "null"}


class InvalidRequest(ValueError):
    """The client's mistake; its text is the answer's `error`."""


def parse_batch(body: bytes, max_batch_size: int) -> tuple[np.ndarray, bool]:
    """Returns the features as float32 [n, 4] and whether the request was the batched form. Raises InvalidRequest."""
    features = _features(body)
    batched = type(features[0]) is list
    rows = features if batched else [features]
    if len(rows) > max_batch_size:
        raise InvalidRequest(f"the batch has {len(rows)} rows, more than the maximum of {max_batch_size}")
    for index, row in enumerate(rows):
        _check_row(row, f"features[{index}]" if batched else "features")
    return _as_float32(rows, batched), batched


def _features(body: bytes) -> list[Any]:
    if not body:
        raise InvalidRequest('the body is empty; expected JSON like {"features": [1.2, 3.4, 5.6, 7.8]}')
    try:
        document = json.loads(body, parse_constant=_reject_constant)
    except InvalidRequest:
        raise
    except RecursionError:
        raise InvalidRequest("the body is nested too deeply") from None
    except ValueError as error:  # JSONDecodeError, bytes that are not UTF-8, integers of thousands of digits
        raise InvalidRequest(f"the body is not valid JSON: {error}") from None
    if type(document) is not dict:
        raise InvalidRequest(f"the body must be a JSON object, not {_name(document)}")
    if "features" not in document:
        raise InvalidRequest("the key 'features' is missing")
    features = document["features"]
    if type(features) is not list:
        raise InvalidRequest(f"features must be a list, not {_name(features)}")
    if not features:
        raise InvalidRequest("features is empty")
    return features


def _check_row(row: Any, where: str) -> None:
    if type(row) is not list:
        raise InvalidRequest(f"{where} must be a list of {FEATURES} numbers like the first row, not {_name(row)}")
    for index, value in enumerate(row):
        # Exact types: bool is a subclass of int, and `true` is not a measurement.
        if type(value) is not float and type(value) is not int:
            raise InvalidRequest(f"{where}[{index}] must be a number, not {_name(value)}")
    if len(row) != FEATURES:
        raise InvalidRequest(f"{where} must have {FEATURES} numbers, not {len(row)}")


def _as_float32(rows: list[list[float]], batched: bool) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):  # an overflow becomes infinity, which is found below and named
            batch = np.array(rows, dtype=np.float64).astype(np.float32)
        finite = np.isfinite(batch)
        if finite.all():
            return batch
        row, column = np.argwhere(~finite)[0]
    except OverflowError:  # an integer beyond what even a double holds
        row, column = next((r, c) for r, row in enumerate(rows) for c, value in enumerate(row) if abs(value) > 2**1023)
    where = f"features[{row}][{column}]" if batched else f"features[{column}]"
    raise InvalidRequest(f"{where} is too large for a 32-bit float")


def _reject_constant(name: str) -> NoReturn:
    raise InvalidRequest(f"{name} is not a number that JSON allows; every feature must be finite")


def _name(value: Any) -> str:
    return _JSON_NAMES.get(type(value), "a number")
