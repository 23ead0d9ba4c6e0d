"""The model behind /predict: a SavedModel loaded once, called through its signature.

Calling the signature directly takes about 0.3 ms; Keras' `predict` on the same file takes about 60 ms, because it
sets up a data pipeline for every call. TensorFlow alone suffices: Keras is never imported.
"""

from __future__ import annotations

import os
from pathlib import Path

# Read by TensorFlow when it is first imported: informational messages off, the CPU only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf

from settings import positive_int
from validation import FEATURES

INPUT = "keras_tensor"
OUTPUT = "output_0"


class Predictor:
    """Maps float32 [n, 4] to the probability of class 1, float32 [n]. Safe to call from several threads."""

    def __init__(self, model_path: Path, max_batch_size: int) -> None:
        _limit_threads()
        # The loaded object owns the variables: without this reference the signature would lose them.
        self._model = tf.saved_model.load(str(model_path))
        signatures = self._model.signatures
        self._signature = signatures["serve"] if "serve" in signatures else signatures["serving_default"]
        # The first call of a shape costs many times a later one; nobody's request should pay for it.
        for size in range(1, max_batch_size + 1):
            self.predict(np.zeros((size, FEATURES), dtype=np.float32))

    def predict(self, batch: np.ndarray) -> np.ndarray:
        return self._signature(**{INPUT: tf.constant(batch)})[OUTPUT].numpy()[:, 0]


def _limit_threads() -> None:
    # The model has 81 weights: splitting its work over cores costs more than it saves, and threads of one worker
    # would compete with the load generator. The names are the ones that TensorFlow itself uses.
    try:
        tf.config.threading.set_intra_op_parallelism_threads(positive_int("TF_NUM_INTRAOP_THREADS", 1))
        tf.config.threading.set_inter_op_parallelism_threads(positive_int("TF_NUM_INTEROP_THREADS", 1))
    except RuntimeError:
        pass  # TensorFlow already runs in this process (a second model, a test): its threads are what they are
