"""Start the service: python serve.py. PORT and LOG_LEVEL are read from the environment."""

import os

import uvicorn

from credit import logs
from credit.service import make_app

GRACE_SECONDS = 20

if __name__ == "__main__":
    logs.set_up(os.environ.get("LOG_LEVEL", "info"))
    uvicorn.run(
        make_app(),
        host="0.0.0.0",  # noqa: S104  all addresses of its own container
        port=int(os.environ.get("PORT", "8080")),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
