"""docker-compose.yml holds what a production host needs, in the words of the compose schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def test_it_follows_the_compose_schema(compose: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests/data/compose-spec.json").read_text())
    jsonschema.validate(compose, schema, cls=jsonschema.Draft202012Validator)


def test_the_schema_refuses_a_misspelt_key(compose: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests/data/compose-spec.json").read_text())
    compose = {**compose, "services": {"web": {"image": "x", "healthchek": {}}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(compose, schema, cls=jsonschema.Draft202012Validator)


def test_it_has_every_part_of_the_loop(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {
        "migrate", "web", "worker-light", "worker-training", "beat", "postgres", "redis",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["web", "worker-light", "worker-training", "beat", "postgres", "redis"])
def test_a_service_that_stays_says_how_it_feels(compose: dict[str, Any], name: str) -> None:
    assert "test" in compose["services"][name]["healthcheck"]


def test_the_databases_are_not_published(compose: dict[str, Any]) -> None:
    assert not any("ports" in compose["services"][name] for name in ("postgres", "redis"))


def test_all_that_train_or_serve_share_one_artefact_volume(compose: dict[str, Any]) -> None:
    sharing = [
        name
        for name, service in compose["services"].items()
        if "artefacts:/artefacts" in service.get("volumes", [])
    ]
    assert {"web", "worker-light", "worker-training"} <= set(sharing)


def test_secrets_have_no_default(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text
