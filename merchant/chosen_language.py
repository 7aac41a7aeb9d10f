from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation


class ChosenLanguage(LocaleMiddleware):
    """Chinese until the reader chooses otherwise: a shop's people work in Chinese whatever their browser was set to."""

    def process_request(self, request: HttpRequest) -> None:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        is_known = chosen in dict(settings.LANGUAGES)
        translation.activate(chosen if is_known else settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language()
