"""What a verb may refuse, said once: services raise, pages and the API show the message in place."""

from __future__ import annotations


class Refused(Exception):
    """A verb that was understood and not done. Nothing was stored.

    `code` is stable and for programs; `message` is for people (may be lazy); `field` names the bad input.
    """

    status = 400

    def __init__(self, code: str, message: object, *, field: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.field = field


class Missing(Refused):
    """The thing does not exist, or not for this person."""

    status = 404


class Conflict(Refused):
    """The thing has moved on meanwhile."""

    status = 409
