"""create_tf_model.py: trained again, it gives the model that is committed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from app import DEFAULT_MODEL

SCRIPT = Path(__file__).resolve().parent.parent / "create_tf_model.py"


def outputs(model: Path) -> np.ndarray:
    x = np.random.default_rng(3).normal(size=(500, 4)).astype(np.float32)
    return tf.saved_model.load(str(model)).signatures["serve"](keras_tensor=tf.constant(x))["output_0"].numpy()


def test_training_again_gives_the_committed_model(tmp_path):
    pytest.importorskip("sklearn", reason="SKIPPED: scikit-learn is absent (pip install -r requirements-train.txt)")
    # A process of its own: seeds and deterministic operations are settings of the whole process.
    run = subprocess.run(
        [sys.executable, str(SCRIPT), "--out", str(tmp_path / "again")], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    accuracy = float(run.stdout.split("test accuracy ")[1].split()[0])
    assert accuracy >= 0.85
    assert np.abs(outputs(tmp_path / "again") - outputs(DEFAULT_MODEL)).max() <= 1e-5


def test_help_names_every_option_and_needs_no_tensorflow():
    run = subprocess.run([sys.executable, str(SCRIPT), "--help"], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0
    for option in ("--out", "--seed", "--epochs"):
        assert option in run.stdout
