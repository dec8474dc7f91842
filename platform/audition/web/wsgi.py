"""What a WSGI server loads: `audition.web.wsgi:application()`."""

from flask import Flask

from audition import logs
from audition.settings import Settings
from audition.web.app import create_app
from audition.web.streaming import end_with_server


def application() -> Flask:
    """The site over the adapters that the settings name.

    Raises:
        InvalidError: Some settings cannot be used.
    """
    # The composition root pulls in every adapter; only a serving process needs them.
    from audition import bootstrap  # noqa: PLC0415

    settings = Settings.from_env()
    logs.configure(settings.log_format)
    end_with_server()
    return create_app(bootstrap.control_plane(settings), settings)
