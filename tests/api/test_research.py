"""Importing, reading and training through the API."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
import yaml

from annotation.models import Item, Project, Prompt, User
from tests.api.conftest import Call
from training.models import Run

pytestmark = pytest.mark.django_db

LINE = {
    "id": "one",
    "prompt": "Why?",
    "completions": [{"text": "a", "source": "x"}, {"text": "b", "source": "y"}],
    "labels": [{"annotator": "r", "tiers": [[0], [1]]}],
}
LINES = "application/x-ndjson"
ROOT = Path(__file__).parent.parent.parent


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_items_come_in_as_lines(project: Project, researcher: User, call: Call) -> None:
    answer = call(researcher, "POST", f"projects/{project.slug}/items", lines(LINE), LINES)
    assert answer.status_code == 201, answer.content
    assert answer.json()["labels"] == 1


@pytest.mark.parametrize(
    "bad",
    [b"", b"\n", b"[]\n", b'{"id": "two"}\n', b'{"id": "two", "prompt": "a\\u0000", "completions": []}\n'],
)
def test_a_bad_line_stores_nothing_of_the_body(
    project: Project, researcher: User, call: Call, bad: bytes
) -> None:
    body = lines(LINE) + bad if bad.strip() else bad
    answer = call(researcher, "POST", f"projects/{project.slug}/items", body, LINES)
    assert answer.status_code == 400, answer.content
    assert not Prompt.objects.exists()
    assert not Item.objects.exists()


def test_the_report_is_that_of_the_command(project: Project, researcher: User, call: Call) -> None:
    call(researcher, "POST", f"projects/{project.slug}/items", lines(LINE), LINES)
    report = call(researcher, "GET", f"projects/{project.slug}/report").json()
    assert report["labels"] == 1
    assert [row["source"] for row in report["ratings"]] == ["x", "y"]


@pytest.mark.parametrize("path", ["report", "preference-sets", "runs"])
def test_an_annotator_reads_none_of_it(project: Project, annotator: User, call: Call, path: str) -> None:
    assert call(annotator, "GET", f"projects/{project.slug}/{path}").status_code == 404


def test_an_admin_starts_a_run_once(project: Project, site_admin: User, call: Call) -> None:
    body = {"kind": "echo", "settings": {"steps": 3}, "idem": str(uuid.uuid4())}
    first = call(site_admin, "POST", f"projects/{project.slug}/runs", body)
    second = call(site_admin, "POST", f"projects/{project.slug}/runs", body)
    assert (first.status_code, first.json()["id"]) == (201, second.json()["id"])
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "rm -rf"},
        {"kind": "echo", "settings": {"steps": -1}},
        {"kind": "echo", "settings": {"steps": True}},
        {"kind": "echo", "settings": {"output_dir": "/"}},
        {"kind": "echo", "settings": []},
        {"kind": "dpo", "policy": "../../etc"},
        {"kind": "dpo", "policy": "nowhere"},
        {"kind": "reward", "preference_set": 9},
        {"kind": "reward"},
    ],
)
def test_a_bad_run_is_refused(project: Project, site_admin: User, call: Call, body: object) -> None:
    answer = call(site_admin, "POST", f"projects/{project.slug}/runs", body)
    assert answer.status_code == 400, answer.content
    assert not Run.objects.exists()


def test_a_queued_run_is_cancelled_at_once(project: Project, site_admin: User, call: Call) -> None:
    run = call(site_admin, "POST", f"projects/{project.slug}/runs", {"kind": "echo"}).json()
    cancelled = call(site_admin, "POST", f"projects/{project.slug}/runs/{run['id']}/cancel").json()
    assert cancelled["state"] == "cancelled"


def test_a_run_of_another_project_is_not_found(project: Project, site_admin: User, call: Call) -> None:
    run = call(site_admin, "POST", f"projects/{project.slug}/runs", {"kind": "echo"}).json()
    assert call(site_admin, "GET", f"projects/elsewhere/runs/{run['id']}").status_code == 404


def test_the_schema_is_that_of_the_documents(site_admin: User, call: Call) -> None:
    served = yaml.safe_load(call(site_admin, "GET", "schema").content)
    assert served == yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
