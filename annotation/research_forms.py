"""Forms of the researcher's pages: import, rounds, guidelines, people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.labels import Kind
from annotation.models import Guidelines, Role, RoundPurpose

MAX_ITEMS = 20_000


class ImportForm(forms.Form):
    """A file of items, or of preference pairs."""

    file = forms.FileField(label=_("File"), help_text=_("JSON Lines: one object a line, UTF-8."))
    layout = forms.ChoiceField(
        label=_("Layout"),
        choices=[
            ("items", _("Items: prompt, completions, labels")),
            ("pairs", _("Pairs: chosen and rejected (HH dialogues, TRL columns)")),
        ],
        widget=forms.RadioSelect,
        initial="items",
    )
    infer_criteria = forms.BooleanField(
        label=_("Add unknown criteria"),
        required=False,
        help_text=_(
            "Ratings on criteria the project does not have make new ones, with the range seen in the file."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["file"].widget.attrs["accept"] = ".jsonl,.ndjson,.json,application/x-ndjson"


class RoundForm(forms.Form):
    """What the next round asks: how many prompts, of which kinds, and of how many people."""

    purpose = forms.ChoiceField(
        label=_("Purpose"),
        choices=[
            (RoundPurpose.LABEL.value, _("Labelling: annotators judge, training learns from it")),
            (
                RoundPurpose.CALIBRATION.value,
                _("Calibration: researchers judge; screening and hidden checks use it"),
            ),
        ],
        widget=forms.RadioSelect,
        initial=RoundPurpose.LABEL.value,
    )
    sources = forms.MultipleChoiceField(
        label=_("Sources"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Who wrote the answers. None chosen: all."),
    )
    count = forms.IntegerField(label=_("Prompts"), min_value=1, max_value=MAX_ITEMS, initial=200)
    per_item = forms.IntegerField(
        label=_("Answers per item"),
        min_value=1,
        max_value=9,
        initial=4,
        help_text=_("For rankings and scores; a comparison has two."),
    )
    compare = forms.IntegerField(label=_("Compare"), min_value=0, max_value=100, initial=60)
    rank = forms.IntegerField(label=_("Rank"), min_value=0, max_value=100, initial=40)
    score = forms.IntegerField(label=_("Score"), min_value=0, max_value=100, initial=0)
    overlap = forms.IntegerField(
        label=_("Annotators per item"),
        min_value=1,
        max_value=50,
        initial=1,
        help_text=_("One label a prompt teaches most. A second one measures agreement."),
    )
    twice = forms.IntegerField(
        label=_("Items with one annotator more, %"),
        min_value=0,
        max_value=100,
        initial=10,
        help_text=_("Five to ten are enough to report agreement."),
    )
    check_rate = forms.FloatField(
        label=_("Hidden checks, %"),
        min_value=0,
        max_value=50,
        initial=5,
        help_text=_("Share of calibration items in each annotator’s work."),
    )
    seed = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, sources: Sequence[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        field = self.fields["sources"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(sources)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not any(given.get(kind.value) for kind in Kind):
            self.add_error("compare", _("Give at least one kind a share."))
        return given


class GuidelinesForm(forms.ModelForm):  # type: ignore[type-arg]
    """The next version in both languages, with what changed."""

    class Meta:
        model = Guidelines
        fields = ["body_en", "body_zh", "changes_en", "changes_zh", "retest"]
        labels = {
            "body_en": _("English"),
            "body_zh": _("Chinese"),
            "changes_en": _("What changed, in English"),
            "changes_zh": _("What changed, in Chinese"),
            "retest": _("Test again"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for name in ("body_en", "body_zh"):
            self.fields[name].widget.attrs["rows"] = 22
        for name in ("changes_en", "changes_zh"):
            self.fields[name].widget.attrs["rows"] = 3

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not (given.get("body_en") or given.get("body_zh")):
            self.add_error("body_en", _("Write them in at least one language."))
        return given


class InvitationForm(forms.Form):
    """A one-time link. Only admins may hand out rights above an annotator's."""

    role = forms.ChoiceField(label=_("Role"))
    days = forms.IntegerField(label=_("Days until it runs out"), min_value=1, max_value=90, initial=14)
    note = forms.CharField(label=_("For whom"), max_length=200, required=False)

    def __init__(self, roles: Sequence[Role], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in roles]


class ReasonForm(forms.Form):
    """Why somebody is suspended or let back in."""

    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
