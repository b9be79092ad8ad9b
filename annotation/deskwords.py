"""What the scripts of the desk say, translated on the server. Braces are filled in by the script."""

from __future__ import annotations

import json

from django.utils.translation import gettext as _


def deskwords() -> str:
    """The sentences as JSON, for a data attribute."""
    return json.dumps(
        {
            "saving": _("Saving…"),
            "saved": _("Saved {time}"),
            "offline": _("Offline. Your work is kept on this device."),
            "kept": _("Offline, 1 answer kept on this device."),
            "sending": _("Back online, sending."),
            "signed_out": _("Not saved. You are signed out."),
            "sign_in": _("Sign in"),
            "reload": _("Load again"),
            "not_saved": _("Not saved."),
            "more_words": _("{n} more words"),
            "more_signs": _("{n} more characters"),
            "less": _("Show less"),
            "fast_words": _("{n} words in {seconds} s. Submit anyway, or look once more?"),
            "fast_signs": _("{n} characters in {seconds} s. Submit anyway, or look once more?"),
            "unread": _("Not all of {letters} was shown. Submit anyway, or look once more?"),
            "choose_side": _("Choose an answer, or say that they are equal or both bad."),
            "choose_strength": _("Say how much better it is."),
            "to_go": _("{n} to go"),
            "scored": _("{n} of {all} scored"),
            "not_scored": _("{n} scores to go."),
            "all_equal": _(
                "Nothing is placed, so all answers stand equal. Submit anyway, or look once more?"
            ),
            "tied": _("Tied"),
            "place": _("Place {n}"),
            "rest": _("Rest, equal"),
            "placed": _("{letter}: place {n}"),
            "placed_tied": _("{letter}: tied at place {n}"),
            "placed_rest": _("{letter}: in the rest"),
            "then": _("then"),
            "remove_flag": _("Remove flag: {flag}"),
        },
        ensure_ascii=False,
    )
