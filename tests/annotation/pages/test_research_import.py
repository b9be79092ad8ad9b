"""A file comes in whole or not at all, and the page says which line was wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from annotation.models import Completion, Project, Prompt, User

GOOD = {
    "id": "news-1",
    "prompt": "Say hello",
    "completions": [{"text": "Hello", "source": "a"}, {"text": "Hi", "source": "b"}],
    "labels": [{"annotator": "rater", "tiers": [[0], [1]]}],
}


@pytest.fixture
def page(client: Client, researcher: User) -> Client:
    client.force_login(researcher)
    return client


def send(page: Client, project: Project, *lines: object, **fields: str) -> Any:
    content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()
    file = SimpleUploadedFile("items.jsonl", content)
    return page.post(reverse("import", args=[project.slug]), {"file": file, "layout": "items", **fields})


def test_the_result_is_counted(page: Client, project: Project) -> None:
    answer = send(page, project, GOOD)
    assert answer.status_code == 200
    report = answer.context["report"]
    assert (report.items, report.completions, report.labels, report.annotators) == (1, 2, 1, 1)
    assert 'role="status"' in answer.content.decode()


def test_a_bad_line_is_named_with_its_reason_and_nothing_is_stored(page: Client, project: Project) -> None:
    answer = send(page, project, GOOD, '{"id": "news-2"')
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Line 2 cannot be read." in text
    assert "not JSON" in text
    assert not Prompt.objects.exists()


def test_pairs_are_read_in_their_own_layout(page: Client, project: Project) -> None:
    pair = {"chosen": "\n\nHuman: Hi\n\nAssistant: Hello", "rejected": "\n\nHuman: Hi\n\nAssistant: No"}
    assert send(page, project, pair, layout="pairs").status_code == 200
    assert Completion.objects.count() == 2


def test_a_file_above_the_limit_is_refused_at_its_field(
    page: Client, project: Project, settings: Settings
) -> None:
    settings.MAX_IMPORT_BYTES = 10
    answer = send(page, project, GOOD)
    assert answer.status_code == 422
    assert "larger than 10" in answer.content.decode()
    assert not Prompt.objects.exists()


def test_an_empty_form_asks_for_the_file(page: Client, project: Project) -> None:
    answer = page.post(reverse("import", args=[project.slug]), {"layout": "items"})
    assert answer.status_code == 422
