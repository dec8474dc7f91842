"""The service, asked as callers and Prometheus do; skipped where FastAPI is not installed, as in training."""

import importlib.util
import json
import unittest
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
IS_THERE = all(importlib.util.find_spec(name) for name in ("fastapi", "httpx", "prometheus_client"))

if IS_THERE:
    from fastapi.testclient import TestClient

    from credit.features import COLUMNS, read_rows
    from credit.service import make_app

    ROWS = [{name: row[name] for name in COLUMNS} for row in read_rows(HERE / "applications.csv")]


@unittest.skipUnless(IS_THERE, "the service's packages are not installed")
class ServiceTests(unittest.TestCase):
    def setUp(self) -> None:
        client = TestClient(make_app(), raise_server_exceptions=False)
        self.client = self.enterContext(client)

    def refused(self, body: bytes) -> int:
        reply = self.client.post("/predict", content=body, headers={"content-type": "application/json"})
        assert set(reply.json()) == {"error"}
        return reply.status_code

    def test_it_says_what_the_program_says(self) -> None:
        reply = self.client.post("/predict", json={"rows": ROWS})
        assert reply.status_code == 200
        expected = json.loads((HERE / "expected.json").read_text())
        np.testing.assert_allclose(reply.json()["predictions"], expected, rtol=1e-8)

    def test_every_answer_names_its_model(self) -> None:
        reply = self.client.post("/predict", json={"rows": ROWS[:1]})
        assert (
            reply.headers["x-model-version"]
            == self.client.get("/metadata").json()["model_version"]
            == "1.0.0"
        )

    def test_health_and_readiness_are_two_routes(self) -> None:
        assert self.client.get("/health").json() == {"status": "ok"}
        assert self.client.get("/ready").json() == {"status": "ready"}

    def test_what_is_wrong_is_refused_and_never_repeated(self) -> None:
        row = json.dumps({**ROWS[0], "term_months": 18.0, "employment": "E3"})
        for body, status in [
            (b"", 422),
            (b'{"rows": [', 400),
            (b'{"rows": []}', 422),
            (b'{"rows": "secret"}', 422),
            (f'{{"rows": [{row.replace("E3", "x" * 100)}]}}'.encode(), 422),
            (row.replace("18.0", "NaN").join(['{"rows": [', "]}"]).encode(), 422),
            (row.replace("18.0", "Infinity").join(['{"rows": [', "]}"]).encode(), 422),
            (row.replace("18.0", "1" + "0" * 400).join(['{"rows": [', "]}"]).encode(), 422),
            (row.replace("18.0", '"secret"').join(['{"rows": [', "]}"]).encode(), 422),
            (b"[" * 20_000 + b"]" * 20_000, 400),
            (b'{"padding": "' + b"x" * (3 << 20) + b'"}', 413),
        ]:
            with self.subTest(body=body[:60]):
                assert self.refused(body) == status
                assert b"secret" not in self.client.post("/predict", content=body).content

    def test_a_missing_column_is_refused_by_name(self) -> None:
        reply = self.client.post(
            "/predict", json={"rows": [{n: v for n, v in ROWS[0].items() if n != "housing"}]}
        )
        assert reply.status_code == 422
        assert "housing" in reply.json()["error"]

    def test_null_is_an_answer(self) -> None:
        assert self.client.post("/predict", json={"rows": [dict.fromkeys(COLUMNS)]}).status_code == 200

    def test_metrics_count_what_was_answered(self) -> None:
        for _ in range(3):
            self.client.post("/predict", json={"rows": ROWS[:2]})
        self.refused(b"{")
        self.client.get("/somewhere/else")
        page = self.client.get("/metrics").text
        for line in (
            'http_requests_total{route="/predict",status="200"} 3.0',
            'http_requests_total{route="/predict",status="400"} 1.0',
            'http_requests_total{route="other",status="404"} 1.0',
            'http_request_duration_seconds_count{route="/predict"} 4.0',
            "prediction_probability_count 6.0",
            "drift_window_rows 6.0",
            'feature_drift_psi{feature="housing"} 0.0',
        ):
            assert line in page, line
        assert 'version="1.0.0"' in page

    def test_the_description_names_the_route_and_its_columns(self) -> None:
        document = self.client.get("/openapi.json").json()
        assert "/predict" in document["paths"]
        assert set(document["components"]["schemas"]["Application"]["required"]) == set(COLUMNS)
