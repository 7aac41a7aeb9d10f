from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse


def health(request: HttpRequest) -> JsonResponse:
    """200 when this process reaches PostgreSQL; a dead Redis is told but does not take the page down."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    try:
        cache.get("health")
        redis = "ok"
    except Exception:  # noqa: BLE001 - any failure of the cache is the same answer
        redis = "unreachable"
    return JsonResponse({"database": "ok", "redis": redis})
