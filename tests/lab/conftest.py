"""Fixtures: one `lab` per scenario, destroyed at its end; on failure the logs of its daemons are shown and kept."""

import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from lablib.hosts import make_hosts
from lablib.lab import Lab

LAB_KEY = pytest.StashKey[Lab]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--build", type=Path, default=Path(__file__).parents[2] / "build", help="the build directory")
    parser.addoption("--results", type=Path, default=None, help="where the logs of failed scenarios go")
    parser.addoption("--repeat", type=int, default=1, help="how often each scenario runs")
    parser.addoption("--claims", type=Path, default=None, help="a directory that other runs share: each scenario is "
                     "run by the one that claims it first")
    parser.addoption("--busy", type=int, default=0, help="how many busy loops run beside the scenarios")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session):
    """Runs those scenarios that no other run has claimed; without claims, or of a faulty tree, pytest's own loop does."""
    claims = session.config.getoption("--claims")
    if claims is None or session.testsfailed:
        return None
    claims.mkdir(exist_ok=True)
    for item in session.items:
        try:
            (claims / quote(item.nodeid, safe="")).mkdir()
        except FileExistsError:
            continue
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)  # which is the next will be known only then
    return True


def pytest_generate_tests(metafunc: pytest.Metafunc):
    times = metafunc.config.getoption("--repeat")
    if times > 1:
        metafunc.fixturenames.append("repetition")
        metafunc.parametrize("repetition", range(1, times + 1))


@pytest.fixture(scope="session", autouse=True)
def busy(request: pytest.FixtureRequest):
    """What takes the processors' time from the scenarios."""
    loops = [subprocess.Popen(["sh", "-c", "while :; do :; done"])
             for _ in range(request.config.getoption("--busy"))]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


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
