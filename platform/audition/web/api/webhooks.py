"""Webhooks: who is told of what becomes of submissions, and what they were told."""

from dataclasses import dataclass

from flask import Response, current_app, jsonify

from audition.domain.webhook import Delivery, Topic, Webhook, secret_of
from audition.services.manage_webhooks import (
    add_webhook,
    end_webhook,
    list_webhooks,
    read_deliveries,
    redeliver,
    renew_secret,
)
from audition.web import shapes
from audition.web.api.routing import Operation, blueprint, describes, read_body
from audition.web.context import asker, ports


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """Body of POST /webhooks."""

    url: str
    topics: frozenset[Topic] = frozenset(Topic)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    """A webhook with its new secret, which its signatures are checked with."""

    webhook: Webhook
    secret: str


@blueprint.get("/webhooks")
@describes(Operation(answer=Webhook, is_list=True))
def webhooks() -> Response:
    """List all webhooks, oldest first, ended ones as well."""
    return jsonify(items=[shapes.plain(webhook) for webhook in list_webhooks(ports(), asker())])


@blueprint.post("/webhooks")
@describes(Operation(body=WebhookRequest, answer=NewWebhook, status=201, has_secret=True))
def create_webhook() -> tuple[Response, int]:
    """Tell an address from now on; the secret for its signatures is in the answer."""
    principal, body = asker(), read_body(WebhookRequest)
    return _with_secret(add_webhook(ports(), principal, body.url, body.topics)), 201


@blueprint.post("/webhooks/<webhook_id>/secret")
@describes(Operation(answer=NewWebhook, status=201, has_secret=True))
def renew_webhook(webhook_id: str) -> tuple[Response, int]:
    """Give a webhook another secret; for a day messages are signed with the former one as well."""
    return _with_secret(renew_secret(ports(), asker(), webhook_id)), 201


def _with_secret(webhook: Webhook) -> Response:
    secret = secret_of(current_app.config["SECRET_KEY"].encode(), webhook)
    return jsonify(shapes.plain(NewWebhook(webhook=webhook, secret=secret)))


@blueprint.delete("/webhooks/<webhook_id>")
@describes(Operation(answer=Webhook, is_list=True))
def delete_webhook(webhook_id: str) -> Response:
    """Tell it nothing more; its log stays."""
    end_webhook(ports(), asker(), webhook_id)
    return webhooks()


@blueprint.get("/webhooks/<webhook_id>/deliveries")
@describes(Operation(answer=Delivery, is_list=True))
def deliveries(webhook_id: str) -> Response:
    """List what a webhook was told, newest first, and how each went."""
    _, found = read_deliveries(ports(), asker(), webhook_id)
    return jsonify(items=[shapes.plain(delivery) for delivery in found])


@blueprint.post("/webhooks/<webhook_id>/deliveries/<delivery_id>/redeliver")
@describes(Operation(answer=Delivery, status=202))
def send_again(webhook_id: str, delivery_id: str) -> tuple[Response, int]:
    """Send a message again, under the same id."""
    return jsonify(shapes.plain(redeliver(ports(), asker(), webhook_id, delivery_id))), 202
