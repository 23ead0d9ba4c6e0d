"""/predict: the answers, against a computation that does not use TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

SAMPLE = [1.2, 3.4, 5.6, 7.8]


def samples(n: int, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)


def predict(client, features):
    response = client.post("/predict", json={"features": features})
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.content_type == "application/json"
    return response.get_json()


def test_a_single_sample_is_answered_by_three_plain_values(client):
    answer = predict(client, SAMPLE)
    assert list(answer) == ["prediction", "confidence", "raw_output"]
    assert answer["prediction"] in (0, 1)
    assert answer["confidence"] == max(answer["raw_output"], 1 - answer["raw_output"])
    assert answer["prediction"] == (1 if answer["raw_output"] > 0.5 else 0)


def test_both_classes_occur_and_a_low_probability_gives_the_confidence_of_class_0(client):
    answers = [predict(client, row) for row in samples(40).tolist()]
    assert {answer["prediction"] for answer in answers} == {0, 1}
    assert all(answer["confidence"] >= 0.5 for answer in answers)


@pytest.mark.parametrize("size", range(1, 9))
def test_a_batch_is_answered_by_lists_that_equal_the_single_answers(client, size):
    rows = samples(size, seed=size).tolist()
    batch = predict(client, rows)
    singles = [predict(client, row) for row in rows]
    assert list(batch) == ["prediction", "confidence", "raw_output"]
    assert batch["prediction"] == [single["prediction"] for single in singles]
    assert batch["raw_output"] == pytest.approx([single["raw_output"] for single in singles], abs=1e-6)
    assert batch["confidence"] == pytest.approx([single["confidence"] for single in singles], abs=1e-6)


def test_the_answers_equal_the_network_computed_in_numpy(client, numpy_mlp):
    x = samples(400)
    answers = [p for i in range(0, 400, 8) for p in predict(client, x[i : i + 8].tolist())["raw_output"]]
    assert answers == pytest.approx(numpy_mlp(x.astype(np.float64)), abs=1e-6)


def test_raw_output_carries_every_bit_of_the_float32(client):
    for p in predict(client, samples(8).tolist())["raw_output"]:
        assert float(np.float32(p)) == p


def test_integers_are_numbers_too(client):
    assert predict(client, [1, 2, 3, 4]) == predict(client, [1.0, 2.0, 3.0, 4.0])


def test_other_keys_and_any_content_type_are_accepted(client):
    response = client.post("/predict", data='{"id": 7, "features": [1.2, 3.4, 5.6, 7.8]}', content_type="text/plain")
    assert response.status_code == 200
    assert response.get_json() == predict(client, SAMPLE)


def test_the_largest_batch_is_set_by_the_environment(monkeypatch):
    from app import create_app

    monkeypatch.setenv("MAX_BATCH_SIZE", "2")
    client = create_app().test_client()
    assert len(predict(client, [SAMPLE, SAMPLE])["raw_output"]) == 2
    response = client.post("/predict", json={"features": [SAMPLE] * 3})
    assert response.status_code == 400
    assert response.get_json() == {"error": "the batch has 3 rows, more than the maximum of 2"}
