"""What the tests share: one app around the committed model, and the model's weights for an independent computation."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import pytest
import tensorflow as tf

from app import DEFAULT_MODEL, create_app


@pytest.fixture(scope="session")
def app():
    return create_app(DEFAULT_MODEL)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="session")
def numpy_mlp():
    """The same network in plain numpy, from the SavedModel's variables: an oracle that shares no code with TensorFlow."""
    reader = tf.train.load_checkpoint(str(DEFAULT_MODEL / "variables" / "variables"))
    # variables/0../5 in the order of the layers: kernel, bias, kernel, bias, kernel, bias.
    weights = [reader.get_tensor(f"variables/{i}/.ATTRIBUTES/VARIABLE_VALUE").astype(np.float64) for i in range(6)]

    def forward(x: np.ndarray) -> np.ndarray:
        hidden = np.maximum(x @ weights[0] + weights[1], 0)
        hidden = np.maximum(hidden @ weights[2] + weights[3], 0)
        return (1 / (1 + np.exp(-(hidden @ weights[4] + weights[5]))))[:, 0]

    return forward
