"""What the API says and hears about training."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from training.hyperparameters import RunKind
from training.models import PreferenceSet, Run


class PreferenceSetSerializer(serializers.ModelSerializer[PreferenceSet]):
    class Meta:
        model = PreferenceSet
        fields = ["number", "sha256", "datasheet", "created_at"]


class RunSerializer(serializers.ModelSerializer[Run]):
    checkpoint = serializers.SlugRelatedField[Any](slug_field="tag", read_only=True)

    class Meta:
        model = Run
        fields = [
            "id", "kind", "name", "state", "settings", "seed", "step", "total_steps", "epoch", "attempts",
            "failure_code", "failure_text", "result", "checkpoint", "created_at", "started_at", "ended_at",
        ]  # fmt: skip


class NewRunSerializer(serializers.Serializer[dict[str, Any]]):
    """A run to start. Checkpoints are named by tag, never by path."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in RunKind])
    settings = serializers.DictField(default=dict)
    seed = serializers.IntegerField(default=0)
    idem = serializers.UUIDField(
        required=False, help_text="The same again starts nothing and answers the same."
    )
    preference_set = serializers.IntegerField(required=False, min_value=1)
    policy = serializers.SlugField(required=False)
    reference = serializers.SlugField(required=False)
    reward = serializers.SlugField(required=False)
