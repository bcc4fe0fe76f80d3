"""Fixtures: one `lab` per scenario, destroyed at its end; on failure the logs of its daemons are shown and kept."""

from pathlib import Path

import pytest

from lablib.hosts import make_hosts
from lablib.lab import Lab

LAB_KEY = pytest.StashKey[Lab]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--build", type=Path, default=Path(__file__).parents[2] / "build", help="the build directory")
    parser.addoption("--results", type=Path, default=None, help="where the logs of failed scenarios go")


@pytest.fixture
def lab(request: pytest.FixtureRequest):
    world = Lab(request.node.name, request.config.getoption("--build"))
    request.node.stash[LAB_KEY] = world
    yield world
    world.destroy()


@pytest.fixture
def hosts(lab):
    """An LNS and a LAC, each with a charon that nobody has configured."""
    return make_hosts(lab)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    report = (yield).get_result()
    world = item.stash.get(LAB_KEY, None)
    if world is None:
        return
    if report.failed:
        for name, text in world.log_tails():
            report.sections.append((f"log of {name}", text))
        if results := item.config.getoption("--results"):
            world.keep_logs(results / "logs" / item.name)
    if call.when == "teardown":
        world.forget_logs()


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport):
    """Says at once why a scenario failed; pytest's own report comes only when all have run."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if report.failed and crash:
        print(f"\n    {crash.message[:2000]}\n    at {crash.path}:{crash.lineno}", flush=True)
