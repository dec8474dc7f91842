"""Cases of our own: files that make the graders work for ever, or eat all memory, when they read them."""

from collections.abc import Mapping

from tests.security.corpus.attack import Attack, attack

_START = "FROM debian:12\n"
_PIP = "COPY requirements.txt .\nRUN pip install -r requirements.txt\nUSER 1000\n"


def trap(id_: str, name: str, act: str, files: Mapping[str, str | bytes]) -> Attack:
    """Predictions are honest, so the run has to be graded in time all the same."""
    return attack(id_, name, act, "", then_honest=True, files=files)


_LAUGHS = "".join(f"ENV v{n}=$v{n - 1}$v{n - 1}\n" for n in range(1, 40))

CASES: tuple[Attack, ...] = (
    trap("X55", "enormous-dockerfile", "a Dockerfile of eight megabytes", {"Dockerfile": _START + "#" * (7 << 20)}),
    trap("X56", "laughing-variables", "variables that double forty times",
         {"Dockerfile": f"{_START}ENV v0={'x' * 100}\n{_LAUGHS}USER $v39\n"}),
    trap("X57", "laughing-arguments", "arguments before FROM that double forty times",
         {"Dockerfile": "ARG v0=" + "x" * 100 + "\n" + _LAUGHS.replace("ENV", "ARG") + "FROM $v39\nUSER 1000\n"}),
    trap("X58", "open-braces", "a line of open braces, on which a careless pattern takes for ever",
         {"Dockerfile": f"{_START}ENV a={'${a-' * 15_000}\nUSER 1000\n"}),
    trap("X59", "requirements-of-requirements", "a requirement file that asks for itself a thousand times",
         {"Dockerfile": _START + _PIP, "requirements.txt": "-r requirements.txt\n" * 1000}),
    trap("X60", "constraints-of-constraints", "a constraint file that asks for itself a thousand times",
         {"Dockerfile": _START + _PIP, "requirements.txt": "-c requirements.txt\n" * 1000}),
    trap("X61", "hash-signs", "a requirement of half a megabyte of hash signs",
         {"Dockerfile": _START + _PIP, "requirements.txt": "a" + "#" * 500_000}),
    trap("X62", "blanks", "a requirement of half a megabyte of blanks and dashes",
         {"Dockerfile": _START + _PIP, "requirements.txt": "a" + " -" * 250_000 + "\n" + " " * 10_000 + "x"}),
    trap("X63", "shells-in-shells", "a command that calls shells in shells, with ten thousand words",
         {"Dockerfile": f"{_START}RUN {'sudo ' * 8_000} sh -c 'sh -c \"sh -c x\"'{' ;' * 8_000}\nUSER 1000\n"}),
    trap("X64", "many-stages", "ten thousand stages that each begin with the one before",
         {"Dockerfile": _START.strip() + " AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(9000))}),
    trap("X65", "deep-project", "a pyproject.toml nested thirty thousand deep",
         {"Dockerfile": f"{_START}COPY . .\nRUN pip install .\nUSER 1000\n",
          "pyproject.toml": "a = " + "[" * 30_000 + "]" * 30_000}),
    trap("X66", "many-installs", "seven thousand commands that each install a requirement file of half a megabyte",
         {"Dockerfile": _START + "COPY r.txt .\n" + "RUN pip install -r r.txt\n" * 7000 + "USER 1000\n",
          "r.txt": "a==1\n" * 100_000}),
    trap("X67", "dotted-project", "a pyproject.toml with one key of a hundred thousand parts",
         {"Dockerfile": f"{_START}COPY . .\nRUN pip install .\nUSER 1000\n",
          "pyproject.toml": ".".join(["a"] * 100_000) + " = 1"}),
)  # fmt: skip
