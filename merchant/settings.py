"""One settings file: environment in (README), sensible local defaults, loud failure on nonsense."""

from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from merchant import environment as env
from merchant.launcher.folder import running_address

BASE_DIR = Path(__file__).resolve().parent.parent

IS_DEMO = env.flag("HUICANG_DEMO")
IS_TESTING = env.flag("HUICANG_TESTING")
DEBUG = env.flag("HUICANG_DEBUG")

DEVELOPMENT_KEY = "only-for-a-machine-of-one-s-own"
SECRET_KEY = env.text("HUICANG_SECRET_KEY", DEVELOPMENT_KEY)
# `id:base64 of 32 bytes`, newest first: the first encrypts, all decrypt. `manage.py rotate_keys` seals old rows anew.
DEVELOPMENT_PII_KEY = "aHVpY2FuZy1sb2NhbC1kZXZlbG9wbWVudC1rZXktMzI="
PII_KEYS = env.words("HUICANG_PII_KEYS", f"dev:{DEVELOPMENT_PII_KEY}")
DEVELOPMENT_INDEX_KEY = "huicang-local-index-key"
PII_INDEX_KEY = env.text("HUICANG_PII_INDEX_KEY", DEVELOPMENT_INDEX_KEY)
ALLOWED_HOSTS = env.words("HUICANG_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1],testserver")
SITE_URL = env.text("HUICANG_SITE_URL", "http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
IS_PUBLIC = SITE_URL.lower().startswith("https://")
if IS_PUBLIC and (
    SECRET_KEY in ("", DEVELOPMENT_KEY)
    or PII_INDEX_KEY in ("", DEVELOPMENT_INDEX_KEY)
    or not PII_KEYS
    or PII_KEYS[0].startswith("dev:")
    # The key that everybody can read here, under whatever name.
    or PII_KEYS[0].endswith(f":{DEVELOPMENT_PII_KEY}")
):
    raise ImproperlyConfigured(
        "HUICANG_SECRET_KEY, HUICANG_PII_KEYS and HUICANG_PII_INDEX_KEY "
        "must be set before the site is served over https."
    )
if IS_PUBLIC and IS_DEMO:
    raise ImproperlyConfigured("The demo has well-known passwords: it does not run on a public https address.")

if IS_PUBLIC and (DEBUG or IS_TESTING):
    raise ImproperlyConfigured(
        "HUICANG_DEBUG and HUICANG_TESTING are for a machine of one's own, not for a public https address."
    )

INSTALLED_APPS = [
    "merchant",
    "orders",
    "logistics",
    "aftersales",
    "cs_workbench",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_fsm",
    "django_htmx",
    "django_cotton",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "merchant.outside.NothingOutside",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Before anything looks a cookie up.
    "merchant.middleware.RejectNul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "merchant.middleware.ChineseUnlessChosen",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "merchant.second_factor.middleware.SecondFactorIsShown",
    "merchant.people.middleware.FirstPasswordIsChanged",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "merchant.urls"
WSGI_APPLICATION = "merchant.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "merchant.context.shop_context",
            ]
        },
    },
    {
        "NAME": "jinja2",
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates" / "jinja2"],
        "OPTIONS": {"environment": "cs_workbench.jinja.environment"},
    },
]
# <c-panel> is templates/components/panel.html (docs/decisions/0028); it sees what it is given and nothing else.
COTTON_DIR = "components"
COTTON_ISOLATE_BY_DEFAULT = True

DATABASES = {
    "default": {
        # Without DATABASE_URL a running demo's server is used, so that `manage.py shell` needs no address.
        **env.postgres("DATABASE_URL", running_address("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/huicang"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", running_address("REDIS_URL") or "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "huicang",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

AUTH_USER_MODEL = "merchant.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "merchant.people.client_ip.client_address"
AXES_HANDLER = "merchant.people.throttle.SignInThrottle"
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PUBLIC
IS_BEHIND_PROXY = env.flag("HUICANG_BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if IS_PUBLIC else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".data" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A body with files, from somebody who signed in or a program with a token; everybody else sends no more than a form.
UPLOAD_MAX_BYTES = round(env.number("HUICANG_UPLOAD_MAX_MB", 80)) * 1024 * 1024

REST_FRAMEWORK = {
    # Tokens only: a browser's session opens no address of the API, so none needs a CSRF token.
    "DEFAULT_AUTHENTICATION_CLASSES": ["merchant.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["merchant.api.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["merchant.api.authentication.PerToken"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["merchant.api.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "merchant.api.paging.Cursor",
    "DEFAULT_SCHEMA_CLASS": "merchant.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "merchant.api.problems.as_problem",
    "COMPACT_JSON": True,
}
API_PER_MINUTE = round(env.number("HUICANG_API_PER_MINUTE", 600))
SPECTACULAR_SETTINGS = {
    "TITLE": "Huicang API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": (
        "What the pages of one shop can do, for programs. Amounts are whole fen and end in `_fen`; instants are ISO "
        "8601 with their offset; personal data is masked. In an address somebody else's number is written with `~2f` "
        "for `/`, `~5c` for a backslash and `~7e` for `~`, then percent-encoded. A token does what its scopes say and "
        "what the role of its "
        "person allows. What goes wrong comes as `application/problem+json` (RFC 9457) with a code, of docs/rules.md "
        "where it is a rule's, and a sentence in the reader's language."
    ),
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "merchant.api.schema.share"],
    # Choices that several kinds of rows call by one name, such as `state`, by the name of their class.
    "ENUM_NAME_OVERRIDES": {
        "ShopState": "merchant.shops.models.ShopState",
        "JobState": "merchant.jobs.models.JobState",
        "StocktakeState": "merchant.stock.enums.StocktakeState",
        "StocktakeKind": "merchant.stock.enums.StocktakeKind",
        "TransferState": "merchant.stock.enums.TransferState",
        "PurchaseState": "merchant.stock.enums.PurchaseState",
        "OrderState": "orders.record.enums.OrderState",
        "PackageState": "logistics.parcels.enums.PackageState",
        "InterceptionState": "logistics.interception.enums.InterceptionState",
        "InterceptionKind": "logistics.interception.models.KINDS",
        "InterceptionReason": "logistics.interception.enums.Reason",
        "ClaimState": "logistics.claims.enums.ClaimState",
        "FiledThrough": "logistics.claims.enums.FiledThrough",
        "PaidThrough": "logistics.claims.enums.PaidThrough",
        "CaseState": "aftersales.cases.enums.CaseState",
        "CaseKind": "aftersales.cases.enums.CaseKind",
        "RefusalReason": "aftersales.cases.enums.REFUSAL_REASON_CHOICES",
        "RefundState": "aftersales.refunds.enums.RefundState",
        "RefundKind": "aftersales.refunds.enums.RefundKind",
        "PayChannel": "orders.payments.enums.PayChannel",
        "ContactChannel": "orders.confirmation.enums.Channel",
        "ReturnKind": "aftersales.returns.enums.ReturnKind",
        "StatementState": "aftersales.statements.enums.FileState",
        "DifferenceState": "aftersales.statements.enums.DifferenceState",
        "DifferenceKind": "aftersales.statements.enums.DifferenceKind",
    },
}

# --- clocks and the outside world -------------------------------------------------------------------------------------
# Every timer of docs/rules.md is multiplied by this; tests of lost and late answers run a day in a minute.
CLOCK_SCALE = env.number("HUICANG_CLOCK_SCALE", 1.0)
COURIER_TIMEOUT_S = env.number("HUICANG_COURIER_TIMEOUT_S", 8.0)
# How many pollers run, on however many machines: each takes its part of what an account may be asked.
POLLERS = max(1, round(env.number("HUICANG_POLLERS", 1)))
PUSH_MAX_BYTES = 256 * 1024
# Each adapter names its own address and the variable that says another; a sandbox plays all of them at once.
# The tables say an address whatever the adapter does, by its code.
COURIER_SANDBOX_URL = env.text("HUICANG_COURIER_SANDBOX").rstrip("/")
PLATFORM_SANDBOX_URL = env.text("HUICANG_PLATFORM_SANDBOX").rstrip("/")
COURIER_HOSTS: dict[str, str] = {}
PLATFORM_HOSTS: dict[str, str] = {}

# --- Celery -----------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Never: merchant.celery keeps a thread's connection as long as a request does.
CELERY_DB_REUSE_MAX = 10**9
CELERY_TASK_DEFAULT_QUEUE = "bulk"
CELERY_TASK_SOFT_TIME_LIMIT = 240
# A wake-up is published once: a dead Redis must never hang a request, the sweep finds the same row.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    # Else a publish waits six seconds for a dead Redis, and a platform gives a push three.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TASK_ROUTES = {
    # Long, and no wake-up of money: beside the orders' own pulls and files.
    "aftersales.pull_platform_cases": {"queue": "intake"},
    "aftersales.read_statement": {"queue": "intake"},
    "aftersales.sweep_statements": {"queue": "intake"},
    "aftersales.pull_statement": {"queue": "intake"},
    "aftersales.*": {"queue": "money"},
    "logistics.*interception*": {"queue": "intercept"},
    "logistics.run_errand": {"queue": "intercept"},
    "logistics.*": {"queue": "tracking"},
    "merchant.sweep_courier_pushes": {"queue": "push"},
    "merchant.sweep_inbox": {"queue": "tracking"},
    "merchant.handle_inbox_message": {"queue": "tracking"},
    # A person waits for its answer.
    "merchant.try_connection": {"queue": "tracking"},
    # It waits for hosts that anybody may have named: beside nothing that anybody waits for.
    "orders.fetch_pictures": {"queue": "bulk"},
    "orders.*": {"queue": "intake"},
    "merchant.*": {"queue": "bulk"},
    "cs_workbench.*": {"queue": "bulk"},
}
# Wake-ups of which many may come at once: their ids are gathered beside the queue and one message stands for all
# (merchant.wakeups), since Celery's way with a message costs more than half of the work it is about.
GATHERED_WAKEUPS = {
    "aftersales.follow_interception": "interception_id",
    "aftersales.send_refund": "refund_id",
}


def every(seconds: float) -> float:
    """Seconds between two sweeps on the scaled clock, never below one."""
    return max(1.0, seconds * CLOCK_SCALE)


CELERY_BEAT_SCHEDULE = {
    "merchant.sweep_inbox": {"task": "merchant.sweep_inbox", "schedule": every(15)},
    "merchant.sweep_errands": {"task": "merchant.sweep_errands", "schedule": every(30)},
    "merchant.purge_raw": {"task": "merchant.purge_raw", "schedule": crontab(hour="3", minute="20")},
    "merchant.purge_notices": {"task": "merchant.purge_notices", "schedule": crontab(hour="3", minute="10")},
    # All day long, a few seconds at a time (merchant.retention).
    "merchant.purge_kept": {"task": "merchant.purge_kept", "schedule": every(600)},
    # Each worker's sign of life, through its own queue (merchant.jobs.processes).
    **{
        f"merchant.beat.{queue}": {
            "task": "merchant.beat",
            "schedule": every(20),
            "kwargs": {"name": name},
            "options": {"queue": queue, "expires": 60},
        }
        for name, queue in (
            ("worker-money", "money"),
            ("worker-intercept", "intercept"),
            ("worker-push", "push"),
            ("worker-background", "bulk"),
        )
    },
    "orders.sweep_imports": {"task": "orders.sweep_imports", "schedule": every(30)},
    "cs_workbench.sweep_bulk": {"task": "cs_workbench.sweep_bulk", "schedule": every(30)},
    "orders.review_orders": {"task": "orders.review_orders", "schedule": every(60)},
    "orders.assign_orders": {"task": "orders.assign_orders", "schedule": every(60)},
    "orders.sweep_clocks": {"task": "orders.sweep_clocks", "schedule": every(60)},
    "orders.sweep_goods_files": {"task": "orders.sweep_goods_files", "schedule": every(60)},
    "orders.sweep_reservations": {"task": "orders.sweep_reservations", "schedule": every(60)},
    "orders.pull_platform_orders": {"task": "orders.pull_platform_orders", "schedule": every(60)},
    "orders.fetch_pictures": {"task": "orders.fetch_pictures", "schedule": every(120)},
    "orders.purge_files": {"task": "orders.purge_files", "schedule": crontab(hour="3", minute="40")},
    "orders.purge_payloads": {"task": "orders.purge_payloads", "schedule": crontab(hour="3", minute="50")},
    "logistics.sweep_interceptions": {"task": "logistics.sweep_interceptions", "schedule": every(15)},
    "logistics.sweep_claims": {"task": "logistics.sweep_claims", "schedule": every(60)},
    "logistics.sweep_watch": {"task": "logistics.sweep_watch", "schedule": every(300)},
    "logistics.sweep_fulfilment": {"task": "logistics.sweep_fulfilment", "schedule": every(60)},
    "logistics.count_courier_speeds": {
        "task": "logistics.count_courier_speeds",
        "schedule": crontab(hour="4", minute="20"),
    },
    "logistics.purge_health_slices": {
        "task": "logistics.purge_health_slices",
        "schedule": crontab(hour="4", minute="0"),
    },
    "aftersales.sweep_cases": {"task": "aftersales.sweep_cases", "schedule": every(15)},
    "aftersales.sweep_refunds": {"task": "aftersales.sweep_refunds", "schedule": every(10)},
    "aftersales.sweep_statements": {"task": "aftersales.sweep_statements", "schedule": every(1800)},
    "aftersales.pull_platform_cases": {"task": "aftersales.pull_platform_cases", "schedule": every(60)},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "merchant.personal_data.MaskingFormatter",
            "format": "%(asctime)s %(levelname)-7s %(name)s %(message)s",
            "datefmt": "%H:%M:%S",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("HUICANG_LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "wechatpayv3": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
