"""Completions that arrive without a file."""

from __future__ import annotations

import pytest

from annotation.errors import Refused
from annotation.models import Completion, Project
from annotation.services import importing
from annotation.services.importing import NewCompletion


def new(text: str = "Yes", *, key: str = "k1", prompt: str = "p1", asked: str = "Why?") -> NewCompletion:
    return NewCompletion(prompt, [{"role": "user", "content": asked}], "en", text, "policy-1", key)


def test_completions_are_added_to_new_and_known_prompts(project: Project) -> None:
    rows = [new(), new("No", key="k2"), new("Maybe", prompt="p2")]
    added = importing.add_completions(project=project, rows=rows)
    assert [one.text for one in added] == ["Yes", "No", "Maybe"]
    assert [one.prompt.external_id for one in added] == ["p1", "p1", "p2"]
    assert all(one.pk for one in added)


def test_completions_with_known_keys_are_not_added_again(project: Project) -> None:
    first = importing.add_completions(project=project, rows=[new(), new("No", key="k2")])
    assert importing.add_completions(project=project, rows=[new("No", key="k2"), new()]) == first[::-1]


def test_a_key_given_twice_is_one_completion(project: Project) -> None:
    one, other = importing.add_completions(project=project, rows=[new(), new()])
    assert one == other


def test_completions_without_keys_are_always_new(project: Project) -> None:
    importing.add_completions(project=project, rows=[new(key=""), new(key="")])
    assert Completion.objects.count() == 2


def test_completions_to_another_prompt_of_that_id_are_refused(project: Project) -> None:
    importing.add_completions(project=project, rows=[new()])
    with pytest.raises(Refused, match="another_prompt"):
        importing.add_completions(project=project, rows=[new(asked="Who?")])
