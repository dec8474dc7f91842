"""What secrets look like: by their form, and by the names of files that hold them."""

import re

#: Secrets that show by their form: cloud keys, tokens of code hosts and model hubs, private keys, passwords in URLs.
SECRET_TEXT = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\bhf_[A-Za-z0-9]{30,}|\bglpat-[\w-]{20}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@$]+:[^/\s:@$]+@"
)
SECRET_FILE = re.compile(
    r"(?:^|/)(?:\.env|\.netrc|\.pypirc|id_rsa|id_ed25519|\.aws/credentials|[\w.-]+\.pem)$"
)
