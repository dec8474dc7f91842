"""Cases of our own: files that stand in for modules, and containers that waited for the submission."""

from audition.domain.run import Verdict
from tests.security.corpus.attack import INVALID, Attack, attack, is_worth_nothing

_OWN = "import os\nprint('IN CHARGE', os.getpid(), flush=True)\n"
#: Modules that our parts import, and hooks that every interpreter looks for.
_MODULES = (
    "sitecustomize", "usercustomize", "numpy", "pandas", "sklearn", "pyarrow", "json", "csv", "threading", "audition",
    "graders", "pydantic", "dockerfile", "yaml", "promql_parser", "encodings", "runpy", "atexit", "select",
)  # fmt: skip
_HONEST_ALONE = """
import sys
sys.path = [p for p in sys.path if p not in ("", "/submission")]
for name in list(sys.modules):
    if getattr(sys.modules[name], "__file__", None) and sys.modules[name].__file__.startswith("/submission"):
        del sys.modules[name]
"""
_SHADOWS = {f"{name}.py": f"{_OWN}print('I AM {name}')" for name in _MODULES}
_PTH = {
    "audition.pth": "import os; os._exit(0)",
    "lib/python3.11/site-packages/x.pth": "import os; os._exit(0)",
}
_EARLY = """
import os, time
open("/out/early", "w").write("x")
time.sleep(0.2)
"""
_STDIN = """
import os
seen = []
for number in (0, *range(3, 32)):
    try:
        seen.append((number, os.readlink(f"/proc/self/fd/{number}"), os.read(number, 100)))
    except OSError:
        pass
for place in ("/proc/1/fd/0", "/proc/1/fd/1"):
    try:
        number = os.open(place, os.O_RDWR | os.O_NONBLOCK)
        os.write(number, b'["sh", "-c", "echo TAKEN OVER"]\\n')
    except OSError as error:
        seen.append((place, error.errno))
print("seen", [s for s in seen if s[0] != 0 or s[2] != b""])
"""
_STAYS = """
import atexit, os, sys, threading
os._exit = lambda *a: None
atexit.register(lambda: print("still here"))
class Stay:
    def flush(self): pass
    def write(self, text): return len(text)
"""
_MODULES_PATCHED = """
import sys
for name in ("numpy", "pandas", "sklearn", "json", "csv"):
    module = sys.modules.get(name)
    if module is not None:
        for key in list(vars(module)):
            if not key.startswith("__"):
                try:
                    setattr(module, key, None)
                except Exception:
                    pass
for name in ("csv", "_csv"):
    sys.modules.pop(name, None)
"""
_NEVER_ENDS = """
import threading, time
threading.Thread(target=lambda: time.sleep(1e9)).start()
"""

CASES: tuple[Attack, ...] = (
    attack("X47", "module-shadows", "brings files named like the modules that our parts import", _HONEST_ALONE,
           then_honest=True, files=_SHADOWS),
    attack("X48", "module-shadows-in-waiting", "the same, while containers wait and import as it is unpacked",
           _HONEST_ALONE, then_honest=True, files=_SHADOWS, is_stocked=True,
           looks={"none of them ran before it was told to": lambda o: "I AM numpy" not in o.stdout}),
    attack("X49", "path-files", "brings .pth files, which an interpreter runs where it finds them", "",
           then_honest=True, files=_PTH),
    attack("X50", "early-start", "its json.py tries to run before its time begins",
           "import os\nprint(os.listdir('/out'))",
           INVALID, files={"json.py": _EARLY, "threading.py": _EARLY, "atexit.py": _EARLY},
           looks={"it did not": lambda o: "early" not in o.stdout, "worth nothing": is_worth_nothing}),
    attack("X51", "boot-orders", "reads and writes what a waiting container is told to run", _STDIN,
           then_honest=True, is_stocked=True,
           looks={"nothing came of it": lambda o: "TAKEN OVER" not in o.stdout.replace('echo TAKEN OVER"', "")}),
    attack("X52", "refuses-to-leave", "replaces the way out, so that the boot cannot end", _STAYS, then_honest=True,
           is_stocked=True),
    attack("X53", "spoiled-modules", "spoils the modules that the boot has imported for it", _MODULES_PATCHED,
           then_honest=True, is_stocked=True),
    attack("X54", "thread-that-stays", "keeps a thread, so that its process never ends", _NEVER_ENDS,
           frozenset({Verdict.TIME_LIMIT}), then_honest=True, is_endless=True),
)  # fmt: skip
