"""Bodies of requests as JSON; what could not be stored is refused by name before anything is done with it."""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import exceptions, parsers

from merchant import incoming


class JSONParser(parsers.JSONParser):
    """DRF's, for bodies that want to break something: depth, numbers without end, NULs, half an emoji."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        encoding = (parser_context or {}).get("encoding") or settings.DEFAULT_CHARSET
        try:
            value = json.loads(stream.read().decode(encoding))
        except (ValueError, LookupError) as error:
            raise exceptions.ParseError(_("This is not readable JSON: %(why)s") % {"why": error}) from error
        except RecursionError as error:
            raise exceptions.ParseError(_("The JSON is nested too deep.")) from error
        if place := incoming.unfit(value):
            raise exceptions.ParseError(
                _("%(place)s cannot be stored: a NUL, half a character, an endless number, or nested too deep.")
                % {"place": place[:200]}
            )
        return value
