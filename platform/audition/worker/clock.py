"""The clock: reconciles every few seconds. Needs no container engine; two at once do no harm."""

import logging
import threading

from audition import bootstrap, logs
from audition.domain.errors import AuditionError
from audition.ports import Ports
from audition.services.deliver import deliver_due
from audition.services.reconcile import reconcile
from audition.settings import Settings, signing_key

_log = logging.getLogger(__name__)


def tick_forever(ports: Ports, settings: Settings, stop: threading.Event) -> None:
    """Reconcile until `stop` is set; a database or queue that is away is waited for."""
    logs.configure(settings.log_format)
    # A thread of its own: whoever is told may take seconds to answer, and what was lost must not wait for them.
    threading.Thread(
        target=_deliver_forever, args=(ports, settings, stop), name="webhooks", daemon=True
    ).start()
    while not stop.wait(settings.reconcile_seconds):
        try:
            done = reconcile(ports, settings.max_losses)
        except AuditionError as error:
            _log.warning("reconcile: %s", error.detail)
            continue
        if done.hinted or done.taken_back:
            _log.info("reconciled: %d hinted, %d taken back", done.hinted, done.taken_back)


def _deliver_forever(ports: Ports, settings: Settings, stop: threading.Event) -> None:
    """Tell webhooks what is due until `stop` is set."""
    courier, key = bootstrap.courier(settings), signing_key(settings).encode()
    while not stop.wait(settings.reconcile_seconds):
        try:
            tried = deliver_due(ports, courier, key)
        except AuditionError as error:
            _log.warning("webhooks: %s", error.detail)
            continue
        if tried:
            _log.info("webhooks: %d messages tried", tried)
