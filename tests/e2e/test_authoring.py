"""The tour of docs/authoring.md, run as it is written: from an own table to a published challenge."""

import csv
import math
import os
import random
import re
import shutil
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.architecture.tree import REPO
from tests.ports import free_port

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

_BLOCK = re.compile(r"^```(sh|toml|python)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def tour() -> list[tuple[str, str, str]]:
    """Kind, path and text of each block of the tour; a path says that the block is that file."""
    text = (REPO / "docs" / "authoring.md").read_text(encoding="utf-8")
    section = text.partition("## From your own table")[2].partition("\n## ")[0]
    return [(match[1], match[2] or "", match[3]) for match in _BLOCK.finditer(section)]


def write_parcels(path: Path) -> None:
    """An author's own table: late by distance, carrier and weight."""
    dice = random.Random(11)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("tracking_number", "depot", "carrier", "weight_kg", "distance_km", "posted_hour", "is_late")
        )
        for number in range(1, 1501):
            carrier, depot = dice.choice("ABC"), dice.choice(["north", "south", "east"])
            weight, distance = dice.lognormvariate(0.5, 0.6), dice.uniform(5, 900)
            hour = dice.randint(7, 19)
            odds = -4 + 0.006 * distance + 1.6 * (carrier == "C") + 0.25 * weight + 0.06 * (hour - 12)
            late = dice.random() < 1 / (1 + math.exp(-odds))
            cells = (f"{weight:.2f}", f"{distance:.0f}", hour, int(late))
            writer.writerow((f"Z{number:07}", depot, carrier, *cells))


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Where an author works: challenges with the templates, a table, and the command."""
    shutil.copytree(REPO / "challenges" / "templates", tmp_path / "challenges" / "templates")
    write_parcels(tmp_path / "parcels.csv")
    (tmp_path / "audition").symlink_to(REPO / "audition")
    return tmp_path


def preview(desk: Path, environment: dict[str, str]) -> str:
    """The page that the link of a preview leads to; the site is down again afterwards."""
    argv = ["./audition", "challenge", "preview", "late-parcels", "--port", str(free_port())]
    with subprocess.Popen(argv, cwd=desk, env=environment, stdout=subprocess.PIPE, text=True) as site:
        assert site.stdout is not None
        try:
            return httpx.get(site.stdout.readline().strip(), follow_redirects=True).text
        finally:
            site.send_signal(signal.SIGINT)


def test_the_tour_leads_to_a_published_challenge(desk: Path) -> None:
    environment = os.environ | {
        "AUDITION_CHALLENGES_DIR": str(desk / "challenges"),
        "AUDITION_DATA_DIR": str(desk / "data"),
        # Every host has it, and it is faster: what is shown here is the way, not the walls.
        "AUDITION_RUNTIME": "runc",
    }
    said = ""
    for kind, path, text in tour():
        if kind != "sh":
            (desk / path).write_text(text, encoding="utf-8")
            continue
        done = subprocess.run(
            ["bash", "-euc", text], cwd=desk, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        said = done.stdout
    assert re.search(r"^late-parcels version 1 [0-9a-f]{64}$", said, re.MULTILINE)
    assert "Which parcels will be late?" in preview(desk, environment)
    # Whatever is changed afterwards has to be proved again.
    (desk / "challenges" / "late-parcels" / "brief.md").write_text("# Parcels\n", encoding="utf-8")
    argv = ["./audition", "challenge", "publish", "late-parcels"]
    refused = subprocess.run(argv, cwd=desk, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 3, refused.stderr
    assert "was not proved as it is now" in refused.stderr
