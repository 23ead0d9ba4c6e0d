"""The committed SavedModel: names that clients rely on, agreement with Triton's configurations, nothing of one machine."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tensorflow as tf

from app import DEFAULT_MODEL

CONFIGS = [DEFAULT_MODEL.parents[1] / "config.pbtxt", DEFAULT_MODEL.parents[1] / "configs" / "cpu.pbtxt"]


@pytest.mark.parametrize("name", ["serve", "serving_default"])
def test_the_signature_maps_keras_tensor_to_output_0(name):
    signature = tf.saved_model.load(str(DEFAULT_MODEL)).signatures[name]
    (inputs,) = signature.structured_input_signature[1:]
    assert {key: (spec.shape.as_list(), spec.dtype) for key, spec in inputs.items()} == {
        "keras_tensor": ([None, 4], tf.float32)
    }
    assert {key: spec.shape.as_list() for key, spec in signature.structured_outputs.items()} == {"output_0": [None, 1]}


def test_the_model_has_the_81_weights_of_4_8_4_1():
    reader = tf.train.load_checkpoint(str(DEFAULT_MODEL / "variables" / "variables"))
    shapes = [reader.get_tensor(f"variables/{i}/.ATTRIBUTES/VARIABLE_VALUE").shape for i in range(6)]
    assert shapes == [(4, 8), (8,), (8, 4), (4,), (4, 1), (1,)]
    assert sum(int(np.prod(shape)) for shape in shapes) == 81


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.name)
def test_tritons_configuration_has_the_same_names_and_shapes(config):
    text = re.sub(r"#.*", "", config.read_text())
    assert 'name: "example_model"' in text
    assert "max_batch_size: 8" in text
    assert re.search(r'input \[\s*\{\s*name: "keras_tensor"\s+data_type: TYPE_FP32\s+dims: \[ 4 \]', text)
    assert re.search(r'output \[\s*\{\s*name: "output_0"\s+data_type: TYPE_FP32\s+dims: \[ 1 \]', text)


def test_no_path_of_the_machine_that_exported_it_is_in_the_model():
    # Folders that exports begin in on any system, the code's own names, and where it lies at this moment.
    here = str(DEFAULT_MODEL.parents[3]).encode()
    for file in DEFAULT_MODEL.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            for trace in (b".py", b"/home/", b"/tmp/", b"/Users/", b"site-packages", here):
                assert trace not in content, f"{file.name} contains {trace!r}"
