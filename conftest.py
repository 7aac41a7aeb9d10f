"""What every test may ask for, and the plain word at the end about what was left out.

Under CI=true nothing may be left out: a test skipped for a missing service, browser or data set fails the run.
"""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

PROJECT = Path(__file__).resolve().parent
IS_CI = os.environ.get("CI", "").lower() == "true"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
# The address bar of a window has pages of its own (the first two) that take longer to start than most of ours. Naming
# features replaces the list that Playwright gives, so the rest repeats it.
CHROMIUM_WITHOUT = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
)
CHROMIUM_FLAGS = [
    f"--disable-features={','.join(CHROMIUM_WITHOUT)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LEFT_OUT = "left out: "
# A skip whose reason starts so is no gap: the test asks about another kind of machine (root, Linux).
NOT_FOR_HERE = "not for here: "


def left_out(reason: str) -> None:
    """Skips the test and says so at the end; fails the run under CI=true."""
    pytest.skip(LEFT_OUT + reason)


def find_chromium() -> str:
    named = os.environ.get("CHROMIUM", "")
    return named or next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), "")


# --- proof by requirement ---------------------------------------------------------------------------------------------
# What each marked test ended in, kept over runs: `make test` and `make chaos` prove different requirements.
PROOF = PROJECT / ".data" / "proof.json"
WORSE = {"failed": 3, "skipped": 2, "passed": 1, "": 0}


class Proof:
    """Collects outcomes of tests marked `req`, from this process or from its parallel workers."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo):
        report = yield
        if item.get_closest_marker("req"):
            report.user_properties = [*report.user_properties, ("is_proof", True)]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if ("is_proof", True) not in map(tuple, report.user_properties):
            return
        if report.when == "call" or report.outcome != "passed":
            # A failing teardown spoils a passing call.
            before = self.outcomes.get(report.nodeid, "")
            self.outcomes[report.nodeid] = max(before, report.outcome, key=WORSE.__getitem__)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput") or not self.outcomes:
            return
        try:
            kept = json.loads(PROOF.read_text())
        except (OSError, ValueError):
            kept = {}
        PROOF.parent.mkdir(exist_ok=True)
        PROOF.write_text(json.dumps(kept | self.outcomes, indent=1))


def pytest_configure(config: pytest.Config) -> None:
    # How long an example takes says something about the machine and nothing about the product.
    hypothesis.settings.register_profile(
        "huicang", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("huicang")
    config.pluginmanager.register(Proof(), "proof")
    if config.getoption("dist", "no") == "loadfile":
        config.pluginmanager.register(Shares(), "shares")
    from merchant.languages import compile_catalogues

    compile_catalogues()


# What takes longest begins, so that no worker ends a parallel run alone with it: files, and tests that are worth a
# worker of their own.
LONGEST = (
    "tests/merchant/test_demo.py",
    "tests/browser/test_pages.py::test_every_page_is_fit_to_be_seen[zh-CN]",
    "tests/browser/test_pages.py::test_every_page_is_fit_to_be_seen[en]",
    *(
        f"tests/cs_workbench/test_api_schema.py::test_no_request_finds_a_fault_and_every_answer_is_as_described[{mode}]"
        for mode in ("allowed", "not allowed")
    ),
    "tests/browser/test_goods_home.py::test_the_pages_of_the_warehouse_are_fit_to_be_seen[zh-CN]",
    "tests/browser/test_goods_home.py",
    "tests/browser/test_bulk.py",
    "tests/browser/test_desk.py",
    "tests/cs_workbench/test_doors.py",
    "tests/orders/test_real_files.py",
    "tests/logistics/test_poller.py",
    "tests/logistics/couriers/test_lives.py",
    "tests/merchant/test_processes.py",
    "tests/browser/test_benefits.py",
    "tests/cs_workbench/test_api_doors.py",
    "tests/logistics/sandbox/test_pushes.py",
    "tests/logistics/test_interception_stateful.py",
    "tests/journeys/test_stopping_a_parcel.py",
)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long contents are named by their parameter: an archive holds the second it was made in, and parallel workers have
    to collect the same names."""
    return argname if isinstance(val, bytes | str) and len(val) > 80 else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest come first, then the other browser tests, then everything else."""
    places = {name: place for place, name in enumerate(LONGEST)}

    def turn(item: pytest.Item) -> int:
        is_drawn = "chromium_browser" in getattr(item, "fixturenames", ())
        return places.get(item.nodeid, places.get(item.nodeid.partition("::")[0], len(places) + (not is_drawn)))

    items.sort(key=turn)


class Shares:
    """Hands out the tests of a parallel run file by file, as `--dist loadfile` does, but for the tests named above."""

    @pytest.hookimpl
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log):
        from xdist.scheduler import LoadFileScheduling

        class Scheduling(LoadFileScheduling):
            def _split_scope(self, nodeid: str) -> str:
                return nodeid if nodeid in LONGEST else super()._split_scope(nodeid)

        return Scheduling(config, log)


# --- databases --------------------------------------------------------------------------------------------------------
@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """A parallel run makes its database once, beside the workers' start; each copies it."""
    config = session.config
    is_parallel = bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")
    if is_parallel and not (config.option.reuse_db or config.option.create_db or config.option.collectonly):
        from pytest_django.plugin import blocking_manager_key

        from tests.databases import begin_mould

        # This process runs no test of its own.
        config.stash[blocking_manager_key].unblock()
        config.stash[MAKING] = begin_mould()


MAKING: pytest.StashKey = pytest.StashKey()


def is_copying(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput") and "HUICANG_TEST_MOULD" in os.environ


@pytest.fixture(scope="session")
def django_db_keepdb(request, django_db_keepdb):
    """A copied database is there already when Django looks for it."""
    return django_db_keepdb or is_copying(request.config)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request, django_db_modify_db_settings, django_db_blocker):
    if not is_copying(request.config):
        yield
        return
    from tests.databases import copied_database

    with django_db_blocker.unblock(), copied_database():
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Tests that commit are quick about it: nothing waits for a disk, and only what was written is taken out."""
    from django.test import TransactionTestCase

    from tests.databases import commit_without_waiting, empty_tables

    with django_db_blocker.unblock():
        commit_without_waiting()
    TransactionTestCase._fixture_teardown = empty_tables


# --- what was left out ------------------------------------------------------------------------------------------------
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if making := session.config.stash.get(MAKING, None):
        from tests.databases import drop_mould

        drop_mould(making)
    if not hasattr(session.config, "workerinput") and IS_CI and exitstatus == 0 and _left_out_reasons(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _left_out_reasons(config: pytest.Config) -> Counter[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reasons: Counter[str] = Counter()
    for report in reporter.stats.get("skipped", []) if reporter else []:
        reason = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else "xfail"
        if not reason.startswith(NOT_FOR_HERE):
            reasons[reason.removeprefix(LEFT_OUT)] += 1
    return reasons


def pytest_terminal_summary(terminalreporter, exitstatus: int, config: pytest.Config) -> None:
    reasons = _left_out_reasons(config)
    if not reasons:
        terminalreporter.write_line("Left out: nothing.")
        return
    terminalreporter.section("left out")
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count:>4}  {reason}", red=IS_CI, yellow=not IS_CI)
    if IS_CI:
        terminalreporter.write_line("CI=true: nothing may be left out, so this run counts as failed.", red=True)


# --- fixtures ---------------------------------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def house_language():
    """A client that asked in English leaves English behind in its thread; every test begins in the house's language."""
    from django.conf import settings
    from django.utils import translation

    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def own_corner_of_the_cache(request, settings):
    """Counters and limits kept in the cache start from nothing in every test, without emptying anybody's Redis."""
    from uuid import uuid4

    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": f"test-{uuid4().hex[:12]}"}}


@pytest.fixture(scope="module")
def rows_of_module(django_db_setup, django_db_blocker):
    """What a fixture of the module writes after asking for this stays for all its tests, and each test finds it as it
    was written. For modules whose tests run in transactions (`django_db`, not `transaction=True`)."""
    from django.conf import settings
    from django.db import transaction
    from django.utils import translation

    translation.activate(settings.LANGUAGE_CODE)
    with django_db_blocker.unblock():
        around = transaction.atomic()
        # As Django marks those of its test cases: services that must not be inside a transaction do not see it.
        around._from_testcase = True
        around.__enter__()
        yield
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the checkout; read only by tests, never copied, left out where it is absent."""
    place = PROJECT.parent / "shared" / "data"
    if not place.is_dir():
        left_out("no ../shared/data beside this checkout")
    return place


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of this machine's Chromium (or of the one named in CHROMIUM)."""
    found = find_chromium()
    if not found:
        left_out("no Chromium on this machine (install chromium, or name one in CHROMIUM)")
    return found


@pytest.fixture(scope="session")
def chromium_browser(chromium):
    """A headless Chromium under Playwright, one for the whole run."""
    from playwright.sync_api import expect, sync_playwright

    # How long a slow machine is waited for; a fast one never notices.
    expect.set_options(timeout=60_000)
    # Playwright's loop lives in this thread, and Django's guard against calls from a loop would see it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium_browser):
    """A fresh Chinese-speaking window, 1440 by 900; anything the page's console calls an error fails the test."""
    context = chromium_browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1440, "height": 900}
    )
    context.set_default_timeout(60_000)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on(
        "console",
        lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield page
    context.close()
    assert faults == []
