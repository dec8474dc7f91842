"""Measure one made release here and with pycanon and anonymeter, each in an environment of its own.

Both need libraries of other versions than ours, so they are installed below FOLDER with pip, once. Classes must be
measured alike; attacks draw differently, so their intervals of 95 % must overlap. Exit code 1 when something does not.
"""

import argparse
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from audition.anonymize import attacks
from audition.anonymize.assess import make_trial
from audition.anonymize.columns import Frame, classes_of, take_rows
from audition.anonymize.intervals import Risk
from audition.anonymize.measures import measure_classes, measure_sensitive
from audition.anonymize.release import Making, make_release, quasi_names
from audition.anonymize.tables import write_frame
from tests.unit.anonymize.samples import KEY, open_gate, people, people_policy, released_as_they_are

_HERE = Path(__file__).parent
_PYCANON, _ANONYMETER = "pycanon==1.3.6", "anonymeter==1.1.0"
_ROWS, _ATTACKS, _K, _SEED = 4000, 500, 5, 1
_SENSITIVE, _SECRET = "back", "town"
Line = tuple[str, str, str, bool]


def main() -> None:
    """Ask both, and print a line for each measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracles")
    parser.add_argument("folder", type=Path, help="where environments and tables are kept")
    folder = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    lines = [*_classes(folder), *_attacks(folder, is_raw=True), *_attacks(folder, is_raw=False)]
    sys.stdout.write("| measure | here | there | |\n|---|---|---|---|\n")
    for what, here, there, agrees in lines:
        sys.stdout.write(f"| {what} | {here} | {there} | {'agree' if agrees else '**differ**'} |\n")
    sys.exit(0 if all(line[3] for line in lines) else 1)


def _classes(folder: Path) -> Iterator[Line]:
    making = Making(people_policy(), open_gate(_K), KEY)
    frame = make_release(people(_ROWS), making).frame
    quasi = quasi_names(making.table)
    classes = classes_of(frame, quasi)
    told = measure_sensitive(_SENSITIVE, frame[_SENSITIVE], classes)
    here = {"k": float(measure_classes(classes, _K).k), "l": float(told.l)}
    here |= {name: float(getattr(told, name)) for name in ("t", "alpha", "beta")}
    path = folder / "release.csv"
    write_frame(frame, path)
    there = _ask(folder, _PYCANON, [str(path), ",".join(quasi), _SENSITIVE])
    for name, value in here.items():
        agrees = math.isclose(value, there[name], abs_tol=1e-4)
        yield f"{name} (pycanon)", f"{value:.4f}", f"{there[name]:.4f}", agrees


def _attacks(folder: Path, *, is_raw: bool) -> Iterator[Line]:
    source = people(_ROWS)
    table = released_as_they_are(source) if is_raw else people_policy()
    making = Making(table, open_gate(1 if is_raw else _K), KEY)
    trial = make_trial(source, making, np.random.default_rng(_SEED))
    names = list(trial.known)
    # The same draw as the attack's own, which begins with it.
    order = np.random.default_rng(_SEED).permutation(len(names))
    halves = [",".join(names[place] for place in part) for part in np.array_split(order, 2)]
    here = {
        "singling out": attacks.singling_out(trial, _ATTACKS, np.random.default_rng(_SEED)).risk,
        "linkability": attacks.linkability(trial, _ATTACKS, np.random.default_rng(_SEED)),
        f"inference of {_SECRET}": attacks.inference(trial, _ATTACKS, np.random.default_rng(_SEED))[_SECRET],
    }
    place = folder / ("raw" if is_raw else "k5")
    place.mkdir(exist_ok=True)
    tables: dict[str, Frame] = {
        "released": {name: trial.released[name] for name in names},
        "inside": take_rows(trial.known, trial.inside),
        "outside": take_rows(trial.known, trial.outside),
    }
    for name, frame in tables.items():
        write_frame(frame, place / f"{name}.csv")
    there = _ask(folder, _ANONYMETER, [str(place), str(_ATTACKS), *halves, _SECRET])
    for name, risk in here.items():
        value, low, high = there[name]
        agrees = risk.low <= high and low <= risk.high
        release = "a raw copy" if is_raw else f"k = {_K}"
        yield (
            f"{name}, {release} (anonymeter)",
            _words(risk),
            f"{value:.2f} ({low:.2f} to {high:.2f})",
            agrees,
        )


def _words(risk: Risk) -> str:
    return f"{risk.value:.2f} ({risk.low:.2f} to {risk.high:.2f})"


def _ask(folder: Path, package: str, arguments: list[str]) -> dict[str, Any]:
    """Run the program of a library in its environment, which is made when it is not there."""
    name = package.partition("=")[0]
    python = folder / name / "bin" / "python"
    if not (folder / name / "ready").exists():
        _run([sys.executable, "-m", "venv", "--clear", str(folder / name)])
        _run([str(python), "-m", "pip", "install", "--quiet", package])
        (folder / name / "ready").touch()
    said = _run([str(python), str(_HERE / f"ask_{name}.py"), *arguments])
    # Libraries greet on standard output; the answer is the last line.
    answer: dict[str, Any] = json.loads(said.splitlines()[-1])
    return answer


def _run(argv: list[str]) -> str:
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
