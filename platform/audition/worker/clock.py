"""The clock: reconciles every few seconds. Needs no container engine; two at once do no harm."""

import logging
import threading

from audition import logs
from audition.domain.errors import AuditionError
from audition.ports import Ports
from audition.services.reconcile import reconcile
from audition.settings import Settings

_log = logging.getLogger(__name__)


def tick_forever(ports: Ports, settings: Settings, stop: threading.Event) -> None:
    """Reconcile until `stop` is set; a database or queue that is away is waited for."""
    logs.configure(settings.log_format)
    while not stop.wait(settings.reconcile_seconds):
        try:
            done = reconcile(ports, settings.max_losses)
        except AuditionError as error:
            _log.warning("reconcile: %s", error.detail)
            continue
        if done.hinted or done.taken_back:
            _log.info("reconciled: %d hinted, %d taken back", done.hinted, done.taken_back)
