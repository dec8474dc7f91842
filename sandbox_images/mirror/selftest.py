"""Run inside the image, hardened: does it serve what it holds, and only that?"""

import http
import json
import subprocess
import sys
import urllib.error
import urllib.request

HOME = "http://127.0.0.1:8080"
server = subprocess.Popen([sys.executable, "-I", "/srv/serve.py"], stdout=subprocess.PIPE, text=True)
count = json.loads(server.stdout.readline())["ready"]
page = urllib.request.urlopen(f"{HOME}/simple/scikit-learn/", timeout=10).read().decode()
link = page.split('href="')[1].split('"')[0]
size = len(urllib.request.urlopen(HOME + link, timeout=30).read())
assert size > 1 << 20, size
for path in ("/simple/no-such-project/", "/wheels/../serve.py", "/wheels/%2e%2e/serve.py", "/etc/passwd"):
    try:
        urllib.request.urlopen(HOME + path, timeout=10)
    except urllib.error.HTTPError as error:
        code = error.code
    else:
        code = 200
    assert code == http.HTTPStatus.NOT_FOUND, (path, code)
told = [json.loads(server.stdout.readline()) for _ in range(3)]
assert told == [{"asked": "scikit-learn"}, {"fetched": "scikit-learn"}, {"missing": "no-such-project"}], told
server.kill()
print(f"{count} wheels, {link.rsplit('/', 1)[1]} has {size:,} bytes")
