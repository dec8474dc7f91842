"""What every storage does with webhooks: in memory, on SQLite and on PostgreSQL."""

from dataclasses import replace
from typing import Any

import pytest

from audition.domain.errors import ConflictError
from audition.domain.webhook import Delivery, Topic, Webhook
from audition.ports import UnitOfWork
from tests import factories as make
from tests.contract.conftest import Storage
from tests.factories import NOW, later


def make_webhook(**overrides: Any) -> Webhook:
    """A webhook of the default account that is told of grades."""
    webhook = Webhook(
        id="whk_1",
        url="https://example.org/hook",
        topics=(Topic.GRADED,),
        created_by="usr_1",
        created_at=NOW,
    )
    return replace(webhook, **overrides)


def make_delivery(**overrides: Any) -> Delivery:
    """A message to the default webhook that is due now."""
    delivery = Delivery(
        id="msg_1",
        webhook_id="whk_1",
        topic=Topic.GRADED,
        body='{"type": "submission.graded"}',
        created_at=NOW,
        next_at=NOW,
    )
    return replace(delivery, **overrides)


def _store(unit: UnitOfWork) -> None:
    unit.people.add_staff(make.make_staff())
    unit.webhooks.add(make_webhook())


def test_webhooks_come_back_equal_and_end_once(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        _store(unit)
        unit.webhooks.add(make_webhook(id="whk_0", created_at=later(1)))
        with pytest.raises(ConflictError):
            unit.webhooks.add(make_webhook(id="whk_2", created_by="usr_9"))
        assert unit.webhooks.end("whk_1", "Enough.", later(2))
        assert not unit.webhooks.end("whk_1", "Again.", later(3))
        assert not unit.webhooks.end("whk_9", "None.", later(3))
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.webhooks.all() == (
            make_webhook(ended_at=later(2), ended_reason="Enough."),
            make_webhook(id="whk_0", created_at=later(1)),
        )


def test_what_is_due_is_the_longest_due_first_and_not_for_ended_ones(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        _store(unit)
        unit.webhooks.add(make_webhook(id="whk_2"))
        for delivery in (
            make_delivery(id="msg_2", next_at=later(-5), created_at=later(4)),
            make_delivery(),
            make_delivery(id="msg_3", next_at=later(5)),
            make_delivery(id="msg_4", next_at=None, delivered_at=later(1), status=204),
            make_delivery(id="msg_5", webhook_id="whk_2"),
        ):
            unit.webhooks.add_delivery(delivery)
        with pytest.raises(ConflictError):
            unit.webhooks.add_delivery(make_delivery())
        with pytest.raises(ConflictError):
            unit.webhooks.add_delivery(make_delivery(id="msg_6", webhook_id="whk_9"))
        unit.webhooks.end("whk_2", "Enough.", later(1))
        assert [d.id for d in unit.webhooks.due(NOW)] == ["msg_2", "msg_1"]
        assert [d.id for d in unit.webhooks.due(NOW, limit=1)] == ["msg_2"]
        assert [d.id for d in unit.webhooks.deliveries("whk_1")] == ["msg_2", "msg_1", "msg_3", "msg_4"]


def test_of_two_who_take_a_delivery_one_has_it(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        _store(unit)
        unit.webhooks.add_delivery(make_delivery())
        taken = replace(make_delivery(), attempts=1, next_at=later(60))
        assert unit.webhooks.save_delivery(taken, 0)
        assert not unit.webhooks.save_delivery(taken, 0)
        assert not unit.webhooks.save_delivery(replace(taken, id="msg_9"), 1)
        assert unit.webhooks.deliveries("whk_1") == (taken,)


def test_a_secret_is_renewed_by_one_at_a_time_and_not_after_the_end(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        _store(unit)
        assert unit.webhooks.renew_secret("whk_1", 2, later(1))
        assert not unit.webhooks.renew_secret("whk_1", 2, later(2))
        assert not unit.webhooks.renew_secret("whk_none", 2, later(2))
        assert unit.webhooks.all() == (make_webhook(secret_number=2, secret_at=later(1)),)
        unit.webhooks.end("whk_1", "Enough.", later(3))
        assert not unit.webhooks.renew_secret("whk_1", 3, later(4))
