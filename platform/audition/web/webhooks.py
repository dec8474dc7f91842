"""Where an operator says who is told of what becomes of submissions, and sees what they were told."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from audition.domain.errors import InvalidError
from audition.domain.people import Role
from audition.domain.webhook import Topic, secret_of
from audition.services.authorize import require_role
from audition.services.manage_webhooks import (
    add_webhook,
    end_webhook,
    list_webhooks,
    read_deliveries,
    redeliver,
    renew_secret,
)
from audition.web.context import asker, ports

blueprint = Blueprint("webhooks", __name__, url_prefix="/ops/webhooks")


@blueprint.before_request
def only_operators() -> None:
    """Every page here is for operators."""
    require_role(asker(), Role.OPERATOR)


@blueprint.get("")
def listing() -> str:
    """All webhooks, and the form for another."""
    return render_template("operator/webhooks.html", webhooks=list_webhooks(ports(), asker()), topics=Topic)


@blueprint.post("")
def add() -> tuple[str, int]:
    """Tell an address from now on, and show the secret for its signatures."""
    webhook = add_webhook(ports(), asker(), request.form.get("url", "").strip(), _topics())
    return _log(webhook.id, secret_of(current_app.config["SECRET_KEY"].encode(), webhook)), 201


@blueprint.post("/<webhook_id>/secret")
def renew(webhook_id: str) -> tuple[str, int]:
    """Give it another secret, and show that."""
    webhook = renew_secret(ports(), asker(), webhook_id)
    return _log(webhook.id, secret_of(current_app.config["SECRET_KEY"].encode(), webhook)), 201


@blueprint.get("/<webhook_id>")
def log(webhook_id: str) -> str:
    """What one was told, and how it went."""
    return _log(webhook_id)


@blueprint.post("/<webhook_id>/end")
def end(webhook_id: str) -> Response:
    """Tell it nothing more."""
    end_webhook(ports(), asker(), webhook_id)
    return redirect(url_for("webhooks.listing"), code=303)


@blueprint.post("/<webhook_id>/deliveries/<delivery_id>/redeliver")
def send_again(webhook_id: str, delivery_id: str) -> Response:
    """Send a message again."""
    redeliver(ports(), asker(), webhook_id, delivery_id)
    return redirect(url_for("webhooks.log", webhook_id=webhook_id), code=303)


def _log(webhook_id: str, secret: str = "") -> str:
    webhook, deliveries = read_deliveries(ports(), asker(), webhook_id)
    return render_template("operator/webhook.html", webhook=webhook, deliveries=deliveries, secret=secret)


def _topics() -> frozenset[Topic]:
    chosen = request.form.getlist("topics")
    if unknown := sorted(set(chosen) - set(Topic)):
        msg = f"Nothing is told under the name {unknown[0][:60]!r}."
        raise InvalidError(msg, code="bad-webhook")
    return frozenset(Topic(name) for name in chosen)
