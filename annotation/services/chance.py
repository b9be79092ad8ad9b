"""Chance that nobody outside can foresee and that comes out the same on asking again."""

from __future__ import annotations

import hashlib
import hmac
import random

from django.conf import settings


def chance(*words: object) -> random.Random:
    """A generator for exactly this decision: seeded by its words and by the key of this installation."""
    said = "\x1f".join(map(str, words)).encode()
    return random.Random(hmac.new(settings.CHANCE_KEY.encode(), said, hashlib.sha256).digest())
