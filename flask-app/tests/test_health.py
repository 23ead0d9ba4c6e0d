"""/health: what an orchestrator and the load generator wait for."""

from __future__ import annotations

from app import create_app


def test_health_says_that_the_model_is_loaded(client):
    response = client.get("/health")
    assert response.status_code == 200
    assert response.get_json() == {"status": "healthy", "model_loaded": True}


def test_a_missing_model_makes_health_503_and_the_server_stays_up(tmp_path):
    client = create_app(tmp_path / "nothing").test_client()
    health = client.get("/health")
    assert health.status_code == 503
    assert health.get_json() == {"status": "unhealthy", "model_loaded": False}
    predict = client.post("/predict", json={"features": [1, 2, 3, 4]})
    assert predict.status_code == 503
    assert predict.get_json() == {"error": "the model is not loaded; the server's log says why"}


def test_the_model_path_comes_from_the_environment_when_none_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("MODEL_PATH", str(tmp_path / "nothing"))
    assert create_app().test_client().get("/health").status_code == 503
