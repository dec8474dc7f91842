"""Who may import what, and what may stand where: the rules that a linter of imports cannot say."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.architecture.tree import CODE, REPO, Source, is_in, is_sample, sources

PACKAGE = "platform/audition/"
WEB = PACKAGE + "web/"
QUEUE = (PACKAGE + "adapters/rq_queue.py", PACKAGE + "worker/runtime.py")
TOOLCHAIN = PACKAGE + "anonymize/"
VARIANTS = PACKAGE + "variants/"
DATA = (
    "graders/",
    TOOLCHAIN,
    VARIANTS,
    "challenges/",
    "sandbox_images/tabular/",
    "sandbox_images/grader/",
    "sandbox_images/sql-postgres/",
)
#: Library to the places that may import it.
PLACES: dict[str, tuple[str, ...]] = {
    "flask": (WEB,),
    "flask_limiter": (WEB,),
    "flask_wtf": (WEB,),
    "jinja2": (WEB,),
    "werkzeug": (WEB,),
    "wtforms": (WEB,),
    "markupsafe": (WEB,),
    "sqlalchemy": (PACKAGE + "adapters/sql/",),
    "alembic": (PACKAGE + "adapters/sql/",),
    "rq": QUEUE,
    "redis": QUEUE,
    # The host room hands clients of the engine about; it names their type and calls nothing of the library's own,
    # which the next test makes sure of.
    "docker": (PACKAGE + "adapters/docker/", PACKAGE + "host/base_image.py", PACKAGE + "host/images.py"),
    "numpy": DATA,
    "pandas": DATA,
    "sklearn": DATA,
    "scipy": DATA,
    "pyarrow": DATA,
    "dockerfile": ("graders/dockerfile/", "platform/audition/grading/recipe.py", "sandbox_images/grader/"),
    # One reader of YAML with bounds, and one of expressions; nobody else parses what is hostile.
    "yaml": (PACKAGE + "grading/yaml_files.py",),
    "promql_parser": ("graders/monitoring/promql.py",),
    "click": (PACKAGE + "cli/", PACKAGE + "host/"),
    "rich": (PACKAGE + "cli/", PACKAGE + "host/"),
    "httpx": (PACKAGE + "cli/", PACKAGE + "adapters/courier.py"),
    "h11": (PACKAGE + "probing/client.py",),
    "prometheus_client": (PACKAGE + "probing/exposition.py", WEB + "exposition.py"),
    "pydantic": (PACKAGE + "codec.py", PACKAGE + "catalog/"),
    "argon2": (PACKAGE + "adapters/passwords.py",),
    "nh3": (PACKAGE + "markup.py", "sandbox_images/notebook/"),
    "markdown_it": (PACKAGE + "markup.py",),
    **dict.fromkeys(
        ("nbclient", "nbformat", "nbconvert", "jupyter_client", "zmq"), ("sandbox_images/notebook/",)
    ),
    "pickle": (),
    "marshal": (),
    "shelve": (),
}


@pytest.mark.parametrize("library", PLACES)
def test_a_library_is_imported_in_its_own_place_only(library: str) -> None:
    strays = [
        f"{source.path}:{line}"
        for source in sources(*CODE)
        for name, line in source.imports
        if name.split(".")[0] == library
        and not is_in(source.path, *PLACES[library])
        and not is_sample(source.path)
    ]
    assert strays == []


@pytest.mark.parametrize("path", [PACKAGE + "host/base_image.py", PACKAGE + "host/images.py"])
def test_the_host_room_names_the_engine_client_in_annotations_only(path: str) -> None:
    module = next(source for source in sources("platform") if source.path == path)
    annotations = {
        id(node)
        for owner in module.nodes
        for field in ("annotation", "returns")
        if (written := getattr(owner, field, None)) is not None
        for node in ast.walk(written)
    }
    uses = [node for node in module.nodes if isinstance(node, ast.Name) and node.id == "docker"]
    assert [node.lineno for node in uses if id(node) not in annotations] == []


def test_the_contracts_of_the_import_linter_are_kept() -> None:
    argv = [str(Path(sys.executable).parent / "lint-imports")]
    result = subprocess.run(argv, cwd=REPO, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]


def test_there_are_no_import_cycles() -> None:
    """Imports inside functions count too: they are late, not gone."""
    graph = grimp.build_graph("audition", "graders")
    arrows = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(f"cycle: {' -> '.join(error.args[1])}")


def uses(*dotted: str) -> Iterator[tuple[Source, ast.AST]]:
    """Where code of the platform and the graders uses one of some attributes, e.g. "os.environ"."""
    wanted = {tuple(name.rsplit(".", 1)) for name in dotted}
    for source in sources("platform", "graders"):
        for node in source.nodes:
            if not isinstance(node, ast.Attribute):
                continue
            owner = node.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            if (name, node.attr) in wanted:
                yield source, node


def test_the_environment_is_read_in_one_place() -> None:
    allowed = {
        PACKAGE + "settings.py",
        # The one variable of the container that holds an author's data; settings are not installed there.
        PACKAGE + "grading/__main__.py",
        # The key of a version's copies, and which to make; the same.
        VARIANTS + "__main__.py",
        # Which graders a container that waits will run; the same.
        PACKAGE + "grading/warm.py",
        # A program of its own: it runs in a container and looks at what is there.
        PACKAGE + "adapters/docker/probe.py",
    }
    assert {source.path for source, _ in uses("os.environ", "os.getenv", "os.environb")} <= allowed


def test_the_time_of_day_is_asked_in_one_place() -> None:
    asked = uses(
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "time.time",
        "time.time_ns",
        "time.localtime",
    )
    assert {source.path for source, _ in asked} - TIME_OF_DAY.keys() == set()


#: Where the time of day may be asked, with the reason.
TIME_OF_DAY = {
    PACKAGE + "adapters/clock.py": "it is the clock",
    PACKAGE + "adapters/docker/launch.py": "compares with times that the engine and the kernel wrote",
    PACKAGE
    + "adapters/docker/sandbox.py": "deadlines on containers are Unix seconds, read without a database",
    PACKAGE + "adapters/docker/services.py": "the same",
    PACKAGE + "adapters/docker/usage.py": "compares with times that the engine wrote",
    PACKAGE + "adapters/docker/image_builder.py": "the same: the age of what the engine built",
    PACKAGE + "adapters/docker/examine.py": "the same deadlines",
    PACKAGE + "adapters/docker/examiner.py": "the age of what it remembers, shared by processes",
    PACKAGE + "probing/evaluator.py": "compares with times that Prometheus wrote",
    PACKAGE + "adapters/docker/bays.py": "the same deadlines, and the age of a file",
    PACKAGE + "adapters/docker/bay_lease.py": "the age of a file that several processes and containers see",
}


def test_any_exception_is_caught_in_two_places_only() -> None:
    """Elsewhere a broad except may clean up, if it then raises what it caught."""
    caught = {
        f"{source.path}:{node.lineno}": source.path
        for source in sources("platform", "graders")
        for node in source.nodes
        if isinstance(node, ast.ExceptHandler) and _is_broad(node) and not _raises_again(node)
    }
    assert set(caught.values()) == {PACKAGE + "worker/jobs.py", PACKAGE + "grading/runner.py"}, caught


def _is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_nothing_evaluates_text_or_unpickles() -> None:
    calls = [
        f"{source.path}:{node.lineno}"
        for source in sources("platform", "graders")
        for node in source.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec"}
    ]
    assert calls == []
    assert [s.path for s, _ in uses("joblib.load", "np.load", "torch.load", "yaml.load")] == []


#: Modules that are programs for something else to start, with the reason why importing them means nothing.
PROGRAMS = {
    "audition.adapters.sql.migrations.env": "Alembic runs it by path, with a context that only it has",
}
_WATCH = """
import importlib, os, sys
repo, names = sys.argv[1], sys.argv[2].split(",")
for name in sys.argv[3].split(","):  # What libraries do is theirs: urllib3, for one, asks for IPv6 with a socket.
    try:
        importlib.import_module(name)
    except ImportError:
        pass
seen = []
def watch(event, args):
    if event == "open":
        path, mode, flags = args
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ours = isinstance(path, str) and path.startswith(repo + "/platform/") and not path.endswith((".py", ".pyc"))
        if (writes and path != os.devnull) or ours:
            seen.append(f"{event} {path!r}")
    elif event in {"socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.system", "sqlite3.connect",
                   "os.mkdir", "os.remove", "os.rename", "os.chdir", "signal.pthread_kill"}:
        seen.append(f"{event} {args[0]!r}")
environment = dict(os.environ)
sys.addaudithook(watch)
for name in names:
    importlib.import_module(name)
    if seen or os.environ != environment:
        sys.exit(f"importing {name}: {seen or 'changes the environment'}")
"""


def test_importing_has_no_side_effects() -> None:
    """No file is written, no data of ours is read, nothing is connected, started or changed."""
    found = [source for source in sources("platform", "graders") if _is_importable(source.path)]
    names = sorted({_module(source.path) for source in found} - PROGRAMS.keys())
    libraries = {
        name for source in found for name, _ in source.imports if not name.startswith(("audition", "graders"))
    }
    argv = [sys.executable, "-B", "-c", _WATCH, str(REPO), ",".join(names), ",".join(sorted(libraries))]
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    assert result.stdout == ""


def _is_importable(path: str) -> bool:
    # Scripts lie in folders that are no packages; `__main__` is importable, and does nothing when it is.
    return (REPO / path).parent.joinpath("__init__.py").is_file()


def _module(path: str) -> str:
    return path.removeprefix("platform/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
