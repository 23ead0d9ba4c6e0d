"""Serves the sibling model.savedmodel through Triton's Python backend, where Triton has no TensorFlow backend.

Loads the same file and calls the same signature as the Flask app, so that the two servers differ in serving only.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

# Read by TensorFlow when it is first imported: informational messages off, the CPU only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf
import triton_python_backend_utils as pb_utils

INPUT = "keras_tensor"
OUTPUT = "output_0"


class TritonPythonModel:
    def initialize(self, args: dict[str, str]) -> None:
        _limit_threads()
        # The loaded object owns the variables: without this reference the signature would lose them.
        self._model = tf.saved_model.load(str(Path(__file__).resolve().parent / "model.savedmodel"))
        signatures = self._model.signatures
        self._signature = signatures["serve"] if "serve" in signatures else signatures["serving_default"]
        # The first call of a shape costs many times a later one; nobody's request should pay for it.
        config = json.loads(args["model_config"])
        features = int(config["input"][0]["dims"][0])
        for size in range(1, max(1, int(config["max_batch_size"])) + 1):
            self._predict(np.zeros((size, features), dtype=np.float32))

    def execute(self, requests: list) -> list:
        """Answers all requests that the dynamic batcher put together with one call of the model."""
        try:
            batches = [pb_utils.get_input_tensor_by_name(request, INPUT).as_numpy() for request in requests]
            outputs = self._predict(batches[0] if len(batches) == 1 else np.concatenate(batches))
        except Exception as error:
            # Together they failed; the fault may be one request's, so that each gets its own chance and its own error.
            if len(requests) > 1:
                return [response for request in requests for response in self.execute([request])]
            return [pb_utils.InferenceResponse(error=pb_utils.TritonError(f"{type(error).__name__}: {error}"))]

        responses, start = [], 0
        for batch in batches:
            rows = outputs[start : start + len(batch)]
            responses.append(pb_utils.InferenceResponse([pb_utils.Tensor(OUTPUT, rows)]))
            start += len(batch)
        return responses

    def _predict(self, batch: np.ndarray) -> np.ndarray:
        return self._signature(**{INPUT: tf.constant(batch)})[OUTPUT].numpy()


def _limit_threads() -> None:
    # As in the Flask app: one thread each, unless the environment says otherwise by TensorFlow's own names.
    tf.config.threading.set_intra_op_parallelism_threads(int(os.environ.get("TF_NUM_INTRAOP_THREADS") or 1))
    tf.config.threading.set_inter_op_parallelism_threads(int(os.environ.get("TF_NUM_INTEROP_THREADS") or 1))
