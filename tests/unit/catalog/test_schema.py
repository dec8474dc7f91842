"""The schema that editors read says what the code checks."""

import json
import tomllib
from pathlib import Path

from audition.catalog.schema import SCHEMA_FILE, manifest_schema
from audition.domain.challenge import Manifest

CHALLENGES = Path(__file__).resolve().parents[3] / "challenges"


def test_the_file_beside_the_challenges_is_what_the_types_say() -> None:
    assert json.loads((CHALLENGES / SCHEMA_FILE).read_text()) == manifest_schema(), (
        "write it again: python -m audition.catalog.schema > challenges/challenge.schema.json"
    )


def test_it_has_every_key_and_no_others() -> None:
    schema = manifest_schema()
    assert set(schema["properties"]) == set(Manifest.__slots__)
    parts = [schema, *schema["$defs"].values()]
    assert all(part["additionalProperties"] is False for part in parts if "properties" in part)


def test_it_has_the_words_of_the_fields_and_the_names_of_metrics() -> None:
    schema = manifest_schema()
    assert "predict" in schema["properties"]["inputs"]["description"]
    assert "In [0, 1]." in schema["$defs"]["Anchor"]["properties"]["score"]["description"]
    assert "roc_auc" in schema["$defs"]["MetricSpec"]["properties"]["name"]["anyOf"][0]["enum"]


def test_the_first_line_of_each_challenge_leads_editors_to_it() -> None:
    for path in CHALLENGES.glob("*/challenge.toml"):
        first = path.read_text().splitlines()[0]
        assert first.startswith("#:schema ")
        assert (path.parent / first.removeprefix("#:schema ")).resolve() == CHALLENGES / SCHEMA_FILE
        assert tomllib.loads(path.read_text())
