"""Where an operator reads who saw or changed what."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from audition.domain.audit import AuditFilter
from audition.services.read_audit import MOST_LINES, audit_as_file, read_audit
from audition.web.context import asker, ports
from audition.web.downloads import export_response

blueprint = Blueprint("auditing", __name__, url_prefix="/ops/audit")

_FIELDS = ("actor", "action", "subject")
#: No number of a line is higher: that of a column of 8 bytes.
_HIGHEST = 2**63 - 1


@blueprint.get("")
def log() -> str:
    """The newest lines, or those behind one."""
    asked = _asked()
    page = read_audit(ports(), asker(), AuditFilter(**asked), _before())
    chosen = {name: value for name, value in asked.items() if value}
    return render_template("operator/audit.html", page=page, asked=asked, chosen=chosen, most=MOST_LINES)


@blueprint.get("/audit.csv")
def export() -> Response:
    """The same lines as a file."""
    return export_response(audit_as_file(ports(), asker(), AuditFilter(**_asked()), _before()))


def _asked() -> dict[str, str]:
    # PostgreSQL takes no NUL in a text, and nothing that was ever written has one.
    return {name: request.args.get(name, "").strip().replace("\0", "\ufffd") for name in _FIELDS}


def _before() -> int | None:
    number = request.args.get("before", type=int)
    return None if number is None else min(max(number, 0), _HIGHEST)
