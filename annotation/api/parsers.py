"""The ways JSON enters the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from annotation.strictjson import clean_json


class StrictJSONParser(BaseParser):
    """Refuses NaN, NUL, lone surrogates, duplicate keys and deep nesting, which JSON parsers let pass."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return clean_json(_body(stream))
        except ValueError as error:
            raise ParseError(str(error)) from error


class JSONLinesParser(BaseParser):
    """The lines of a JSONL body, unread: the importer checks each and names the bad one by number."""

    media_type = "application/x-ndjson"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return _body(stream).splitlines(keepends=True)


def _body(stream: IO[Any]) -> bytes:
    body: bytes = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise ParseError(f"the body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes")
    return body
