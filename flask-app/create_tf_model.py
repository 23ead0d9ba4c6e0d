"""Trains the lab's small classifier and exports it as the SavedModel that both Flask and Triton serve.

Every seed is fixed, so that whoever trains again gets the model that is committed (tests/test_training.py checks it).
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

FEATURES = 4
SAMPLES = 1000
SEED = 42
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "model_repository" / "example_model" / "1" / "model.savedmodel"


def train(seed: int = SEED, epochs: int = 50):
    """Returns the trained Keras model (input [n, 4] float32, output [n, 1] in 0..1) and its accuracy on unseen samples."""
    # TensorFlow reads these when it is first imported. oneDNN's kernels round differently from one CPU to the next.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # hides remarks about its own datasets; errors are exceptions
    # A graphics card would add its own rounding, and this model gains nothing from one.
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import keras
    import tensorflow as tf
    from sklearn.datasets import make_classification
    from sklearn.model_selection import train_test_split

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()

    features, labels = make_classification(
        n_samples=SAMPLES, n_features=FEATURES, n_informative=3, n_redundant=1, random_state=seed
    )
    train_x, test_x, train_y, test_y = train_test_split(
        features.astype("float32"), labels.astype("float32"), test_size=0.2, random_state=seed
    )

    model = keras.Sequential(
        [
            # The name is explicit because Keras gives `keras_tensor` only to the first unnamed input of a process;
            # config.pbtxt and every client address the tensor by it.
            keras.Input(shape=(FEATURES,), dtype="float32", name="keras_tensor"),
            keras.layers.Dense(8, activation="relu", name="hidden_1"),
            keras.layers.Dense(4, activation="relu", name="hidden_2"),
            keras.layers.Dense(1, activation="sigmoid", name="probability"),
        ],
        name="example_model",
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(train_x, train_y, epochs=epochs, batch_size=32, verbose=0)
    _, accuracy = model.evaluate(test_x, test_y, verbose=0)
    return model, float(accuracy)


def export(model, out: Path) -> None:
    """Writes the SavedModel with the signatures `serve` and `serving_default`: keras_tensor [n, 4] -> output_0 [n, 1]."""
    out.parent.mkdir(parents=True, exist_ok=True)
    model.export(str(out), format="tf_saved_model", verbose=False)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the example model and export it as a TensorFlow SavedModel.")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder to write (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="seed of data, weights and batches (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=50, help="passes over the training data (default: %(default)s)")
    options = parser.parse_args()

    model, accuracy = train(options.seed, options.epochs)
    export(model, options.out)
    print(f"test accuracy {accuracy:.3f}")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
