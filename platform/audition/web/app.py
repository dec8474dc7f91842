"""The application factory."""

from flask import Flask

from audition.ports import Ports
from audition.settings import Settings
from audition.web import (
    api,
    auditing,
    author,
    candidate,
    cohorts,
    context,
    disputing,
    errors,
    look,
    marking,
    operator,
    overriding,
    own_data,
    reviewer,
    security,
    sharing,
    staff,
    webhooks,
)


def create_app(ports: Ports, settings: Settings) -> Flask:
    """Build the site over some ports; nothing is opened or started here."""
    app = Flask(__name__)
    app.extensions.update(context.install(ports, settings))
    security.protect(app, settings, api.blueprint)
    look.install(app)
    errors.register(app)
    for blueprint in (
        staff.blueprint,
        candidate.arrival,
        candidate.blueprint,
        own_data.blueprint,
        reviewer.blueprint,
        marking.blueprint,
        cohorts.blueprint,
        overriding.blueprint,
        disputing.blueprint,
        disputing.answering,
        sharing.blueprint,
        sharing.arrival,
        author.blueprint,
        operator.blueprint,
        auditing.blueprint,
        webhooks.blueprint,
        api.blueprint,
    ):
        app.register_blueprint(blueprint)
    security.limit_rates(app, settings, _rates(settings), api.blueprint)
    return app


def _rates(settings: Settings) -> dict[str, security.Rate]:
    guesses = security.Rate(text=settings.sign_in_rate, is_for_failures=True)
    uploads = security.Rate(text=settings.upload_rate, is_for_failures=False)
    return {
        "staff.sign_in": guesses,
        "arrival.landing": guesses,
        "share.view": guesses,
        "arrival.start": guesses,
        "operator.metrics": guesses,
        "candidate.upload": uploads,
        "api.create_token": guesses,
        "api.start_invitation": guesses,
        "api.create_submission": uploads,
    }
