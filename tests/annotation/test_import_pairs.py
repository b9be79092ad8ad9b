"""Preference files: dialogues and the columns of TRL."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from annotation.models import Annotation, Completion, Item, Project, Prompt, Round, RoundState
from annotation.services import importing
from annotation.services.importing import ImportRefused, ImportReport
from tests.factories import FIRST

HH = Path(__file__).parents[2] / "../shared/data/hh_harmless_pairs.jsonl.gz"


def read(project: Project, *lines: dict[str, Any]) -> ImportReport:
    return importing.import_pairs(project=project, lines=[json.dumps(line).encode() for line in lines])


def only(project: Project, line: dict[str, Any]) -> tuple[list[dict[str, str]], list[str]]:
    """Prompt and answers of a file of one line."""
    read(project, line)
    return Prompt.objects.get().messages, [one.text for one in Item.objects.get().candidates()]


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def dialogue(*turns: str) -> str:
    """Turns of human and assistant, one after the other; "+" begins one that follows on its own kind."""
    text, role = "", 0
    for turn in turns:
        role = role if not turn.startswith("+") else 1 - role
        text += "\n\n" + ("Human: ", "Assistant: ")[role] + turn.removeprefix("+")
        role = 1 - role
    return text


def test_dialogues_part_after_the_last_common_question(project: Project) -> None:
    both = ["Hi", "Hello!", "How are you?"]
    messages, answers = only(
        project, {"chosen": dialogue(*both, "Fine."), "rejected": dialogue(*both, "Go away.")}
    )
    assert messages == [user("Hi"), assistant("Hello!"), user("How are you?")]
    assert answers == ["Fine.", "Go away."]


def test_the_chosen_one_is_better(project: Project) -> None:
    read(project, {"chosen": dialogue("Hi", "A"), "rejected": dialogue("Hi", "B")})
    said = Annotation.objects.get()
    assert (said.label, said.annotator.name, said.kind) == (FIRST, "imported", "compare")
    assert Round.objects.get().state == RoundState.CLOSED


def test_an_empty_answer_is_legal(project: Project) -> None:
    assert only(project, {"chosen": dialogue("Hi", "A"), "rejected": dialogue("Hi", "")})[1] == ["A", ""]


def test_a_dialogue_may_end_with_the_question(project: Project) -> None:
    assert only(project, {"chosen": dialogue("Hi", "A"), "rejected": dialogue("Hi")})[1] == ["A", ""]


def test_two_turns_of_the_assistant_running_are_one_answer(project: Project) -> None:
    line = {"chosen": dialogue("Hi", "A", "+B"), "rejected": dialogue("Hi", "C")}
    assert only(project, line)[1] == ["A\n\nAssistant: B", "C"]


def test_what_follows_an_early_parting_is_kept(project: Project) -> None:
    line = {"chosen": dialogue("Hi", "A", "So?", "B"), "rejected": dialogue("Hi", "C", "So?", "D")}
    assert only(project, line)[1][0] == "A\n\nHuman: So?\n\nAssistant: B"


def test_plain_columns(project: Project) -> None:
    line = {"prompt": "Why?", "chosen": "Because.", "rejected": "No.", "margin": 2}
    assert only(project, line) == ([user("Why?")], ["Because.", "No."])


def test_conversational_columns(project: Project) -> None:
    line = {"prompt": [user("Why?")], "chosen": [assistant("Because.")], "rejected": [assistant("No.")]}
    assert only(project, line) == ([user("Why?")], ["Because.", "No."])


def test_conversational_columns_with_the_prompt_inside(project: Project) -> None:
    line = {"chosen": [user("Why?"), assistant("Because.")], "rejected": [user("Why?"), assistant("No.")]}
    assert only(project, line) == ([user("Why?")], ["Because.", "No."])


@pytest.mark.parametrize("label", [True, False])
def test_unpaired_columns_become_a_score(project: Project, label: bool) -> None:
    messages, answers = only(project, {"prompt": "Why?", "completion": "Because.", "label": label})
    assert (messages, answers) == ([user("Why?")], ["Because."])
    assert Annotation.objects.get().label == {"ratings": {"desirable": [float(label)]}}
    assert project.criteria.filter(name="desirable", low=0, high=1).exists()


def test_pairs_on_one_prompt_share_it(project: Project) -> None:
    lines = [{"prompt": "Why?", "chosen": "Because.", "rejected": text} for text in ("No.", "Yes.")]
    read(project, *lines)
    assert (Prompt.objects.count(), Item.objects.count(), Completion.objects.count()) == (1, 2, 4)


def test_the_same_pair_again_is_there_already(project: Project) -> None:
    line = {"prompt": "Why?", "chosen": "Because.", "rejected": "No."}
    assert read(project, line, line) == ImportReport(1, 2, 1, 1, already=1)
    assert read(project, line) == ImportReport(annotators=1, already=1)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"chosen": "A"}, "rejected is missing"),
        ({"chosen": "A", "rejected": "B"}, "does not begin with a turn"),
        ({"chosen": dialogue("Hi", "A"), "rejected": dialogue("Ho", "B")}, "no turn of the user in common"),
        (
            {"chosen": dialogue("Hi", "+Ho", "A"), "rejected": dialogue("Hi", "+Hu", "B")},
            "at a turn of the user",
        ),
        ({"prompt": "Why?", "chosen": "A", "rejected": None}, "rejected is missing"),
        ({"prompt": "Why?", "chosen": [user("A")], "rejected": "B"}, "a turn of user"),
        ({"prompt": "Why?", "completion": "A"}, "not true or false"),
        ({"completion": "A", "label": True}, "prompt is missing"),
        ({"prompt": "Why?", "completion": "A", "label": "yes"}, "not true or false"),
        ({"chosen": 7, "rejected": 8}, "chosen is 7"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_stored(
    project: Project, bad: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ImportRefused) as error:
        read(project, {"prompt": "Why?", "chosen": "A", "rejected": "B"}, bad)
    assert error.value.line == 2
    assert reason in error.value.reason
    assert not Prompt.objects.exists()


@pytest.mark.skipif(not HH.exists(), reason="no ../shared/data/hh_harmless_pairs.jsonl.gz")
def test_the_real_dialogues_are_read_whole(project: Project) -> None:
    with gzip.open(HH) as file:
        report = importing.import_pairs(project=project, lines=importing.file_lines(file))
    assert (report.items, report.completions, report.labels, report.already) == (1700, 3400, 1700, 0)
    texts = Completion.objects.values_list("text", flat=True)
    assert Counter("\n\nAssistant:" in text for text in texts)[True] == 4
    assert sum(text == "" for text in texts) == 3
    assert {prompt.messages[-1]["role"] for prompt in Prompt.objects.all()} == {"user"}
