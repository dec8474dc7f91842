"""What must stay true of docker-compose.yml, whatever else changes in it."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[3] / "docker-compose.yml").read_text()
DEPLOYMENT = (Path(__file__).parents[3] / "docs" / "deployment.md").read_text()


def services() -> dict[str, str]:
    body = TEXT.split("\nservices:\n")[1].split("\nnetworks:\n")[0]
    parts = re.split(r"^  ([a-z-]+):\n", body, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_only_the_worker_reaches_the_engine() -> None:
    assert {name for name, text in services().items() if "docker.sock" in text} == {"worker"}
    assert "docker.sock" not in TEXT.split("\nservices:\n")[0]


def test_only_web_is_published_and_on_loopback_only() -> None:
    assert {name for name, text in services().items() if "ports:" in text} == {"web"}
    assert re.findall(r'ports: \["([^:]+):', TEXT) == ["127.0.0.1"]


def test_no_secret_is_written_down() -> None:
    for name in ("POSTGRES_PASSWORD", "AUDITION_SECRET_KEY"):
        assert f"${{{name}:?" in TEXT


def test_every_variable_is_explained() -> None:
    for name in set(re.findall(r"\$\{([A-Z_]+)", TEXT)):
        assert name in DEPLOYMENT, name
