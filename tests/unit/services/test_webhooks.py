"""Who is told what, when, and how often."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime

import pytest

from audition.adapters.memory import FixedClock, MemoryQueue
from audition.domain.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError
from audition.domain.people import Principal, PrincipalKind, Role
from audition.domain.submission import State
from audition.domain.webhook import RETRY_SECONDS, Delivery, DeliveryState, Topic, Webhook, secret_of
from audition.ports import Ports
from audition.services.deliver import deliver_due
from audition.services.manage_webhooks import (
    add_webhook,
    end_webhook,
    list_webhooks,
    read_deliveries,
    redeliver,
    renew_secret,
)
from audition.services.transition import transition
from tests import factories as make
from tests.web.world import make_ports

KEY = b"k" * 32
OLGA = Principal(
    kind=PrincipalKind.STAFF,
    subject_id="usr_1",
    name="Olga",
    session_id="ses_1",
    roles=frozenset({Role.OPERATOR}),
)


class Courier:
    """Answers as told, and remembers."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, bytes, dict[str, str]]] = []

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.sent.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(make.NOW)


@pytest.fixture
def ports(clock: FixedClock) -> Ports:
    made = make_ports(clock, MemoryQueue())
    with made.unit_of_work() as uow:
        uow.people.add_staff(make.make_staff())
        make.store_run(uow, State.GRADING)
        uow.commit()
    return made


@pytest.fixture
def hook(ports: Ports) -> Webhook:
    return add_webhook(ports, OLGA, "https://example.org/hook", frozenset({Topic.GRADED, Topic.RELEASED}))


def move(ports: Ports, new: State, at: datetime = make.NOW) -> None:
    with ports.unit_of_work() as uow:
        transition(uow, uow.submissions.get("sub_1"), new, actor="worker", reason="Moved.", at=at)
        uow.commit()


def log(ports: Ports, hook: Webhook) -> tuple[Delivery, ...]:
    return read_deliveries(ports, OLGA, hook.id)[1]


def test_a_grade_is_told_once_signed_as_the_convention_says(ports: Ports, hook: Webhook) -> None:
    courier = Courier()
    move(ports, State.GRADED)
    assert deliver_due(ports, courier, KEY) == 1
    assert deliver_due(ports, courier, KEY) == 0
    ((url, body, headers),) = courier.sent
    assert url == hook.url
    assert json.loads(body)["type"] == "submission.graded"
    assert json.loads(body)["data"]["submission_id"] == "sub_1"
    # Checked as a receiver would, without our own code.
    secret = base64.b64decode(secret_of(KEY, hook).removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mark = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mark}"
    assert headers["webhook-timestamp"] == str(int(make.NOW.timestamp()))
    (delivery,) = log(ports, hook)
    assert (delivery.state, delivery.status, delivery.attempts) == (DeliveryState.DELIVERED, 204, 1)


def test_nothing_is_told_of_a_move_that_is_rolled_back(ports: Ports, hook: Webhook) -> None:
    with ports.unit_of_work() as uow:
        submission = uow.submissions.get("sub_1")
        transition(uow, submission, State.GRADED, actor="worker", reason="Moved.", at=make.NOW)
    assert log(ports, hook) == ()


def test_only_what_was_chosen_is_told_and_never_practice(ports: Ports, hook: Webhook) -> None:
    move(ports, State.ERRORED)
    with ports.unit_of_work() as uow:
        uow.submissions.add(
            make.make_submission(
                id="sub_2", attempt_number=2, idempotency_key=None, state=State.GRADING, is_practice=True
            )
        )
        transition(
            uow, uow.submissions.get("sub_2"), State.GRADED, actor="worker", reason="Moved.", at=make.NOW
        )
        uow.commit()
    assert log(ports, hook) == ()


@pytest.mark.parametrize("failure", [500, 302, UnavailableError("No answer."), DeniedError("Private.")])
def test_what_fails_is_tried_again_ever_more_seldom_and_given_up(
    ports: Ports, clock: FixedClock, hook: Webhook, failure: int | Exception
) -> None:
    courier = Courier(*[failure] * 20)
    move(ports, State.GRADED)
    for number, seconds in enumerate(RETRY_SECONDS, start=1):
        assert deliver_due(ports, courier, KEY) == 1
        (delivery,) = log(ports, hook)
        assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, number)
        assert delivery.next_at is not None
        assert 0.9 * seconds <= (delivery.next_at - clock.now()).total_seconds() <= 1.1 * seconds
        assert deliver_due(ports, courier, KEY) == 0
        clock.advance(1.1 * seconds)
    deliver_due(ports, courier, KEY)
    (delivery,) = log(ports, hook)
    assert delivery.state == DeliveryState.FAILED
    assert delivery.error
    assert len({headers["webhook-id"] for _, _, headers in courier.sent}) == 1


def test_gone_means_never_again(ports: Ports, hook: Webhook) -> None:
    courier = Courier(410)
    move(ports, State.GRADED)
    deliver_due(ports, courier, KEY)
    move(ports, State.RELEASED)
    assert deliver_due(ports, courier, KEY) == 0
    (ended,) = list_webhooks(ports, OLGA)
    assert ended.ended_reason == "It answered 410 Gone."
    with pytest.raises(ConflictError):
        redeliver(ports, OLGA, hook.id, log(ports, hook)[0].id)


def test_a_message_is_sent_again_under_its_own_id(ports: Ports, hook: Webhook) -> None:
    courier = Courier()
    move(ports, State.GRADED)
    deliver_due(ports, courier, KEY)
    redeliver(ports, OLGA, hook.id, log(ports, hook)[0].id)
    assert deliver_due(ports, courier, KEY) == 1
    assert len({headers["webhook-id"] for _, _, headers in courier.sent}) == 1
    with pytest.raises(NotFoundError):
        redeliver(ports, OLGA, hook.id, "msg_none")


def test_a_process_that_died_with_a_message_does_not_keep_it(
    ports: Ports, clock: FixedClock, hook: Webhook
) -> None:
    move(ports, State.GRADED)
    with pytest.raises(KeyboardInterrupt):
        deliver_due(ports, _dying(), KEY)
    assert deliver_due(ports, Courier(), KEY) == 0
    clock.advance(121)
    assert deliver_due(ports, Courier(), KEY) == 1
    assert log(ports, hook)[0].state == DeliveryState.DELIVERED


def _dying() -> Courier:
    courier = Courier()

    def post(*_: object) -> int:
        raise KeyboardInterrupt

    courier.post = post  # type: ignore[method-assign]
    return courier


def test_an_ended_webhook_is_told_nothing_more(ports: Ports, hook: Webhook) -> None:
    move(ports, State.GRADED)
    end_webhook(ports, OLGA, hook.id)
    move(ports, State.RELEASED)
    courier = Courier()
    assert deliver_due(ports, courier, KEY) == 0
    assert len(log(ports, hook)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/hook",
        "ftp://example.org/",
        "https://",
        "https://user:secret@example.org/",
        "https://example.org/#part",
        "https://example.org:99999/",
        "https://exam ple.org/",
        "https://[::1/",
        "https://example.org/" + "x" * 1000,
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(ports: Ports, url: str) -> None:
    with pytest.raises(InvalidError):
        add_webhook(ports, OLGA, url, frozenset(Topic))


def test_nothing_to_tell_is_refused_and_so_are_too_many(ports: Ports) -> None:
    with pytest.raises(InvalidError):
        add_webhook(ports, OLGA, "https://example.org/", frozenset())
    for number in range(20):
        add_webhook(ports, OLGA, f"https://example.org/{number}", frozenset(Topic))
    with pytest.raises(ConflictError):
        add_webhook(ports, OLGA, "https://example.org/", frozenset(Topic))


@pytest.mark.parametrize(
    "act",
    [
        list_webhooks,
        lambda ports, who: add_webhook(ports, who, "https://example.org/", frozenset(Topic)),
        lambda ports, who: end_webhook(ports, who, "whk_1"),
        lambda ports, who: read_deliveries(ports, who, "whk_1"),
        lambda ports, who: redeliver(ports, who, "whk_1", "msg_1"),
    ],
)
def test_webhooks_are_for_operators(ports: Ports, act: Callable[[Ports, Principal], object]) -> None:
    reviewer = Principal(
        kind=PrincipalKind.STAFF,
        subject_id="usr_1",
        name="Alice",
        session_id="ses_1",
        roles=frozenset({Role.REVIEWER, Role.AUTHOR}),
    )
    with pytest.raises(DeniedError):
        act(ports, reviewer)


def signatures(headers: dict[str, str], body: bytes, *secrets: str) -> list[str]:
    """What the header has to be with some secrets, made as a receiver would."""
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    marks = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return [f"v1,{base64.b64encode(mark).decode()}" for mark in marks]


def test_for_a_day_both_secrets_sign_and_then_the_new_one_alone(
    ports: Ports, clock: FixedClock, hook: Webhook
) -> None:
    courier = Courier()
    former, renewed = secret_of(KEY, hook), secret_of(KEY, renew_secret(ports, OLGA, hook.id))
    assert former != renewed
    for new, secrets in ((State.GRADED, (renewed, former)), (State.RELEASED, (renewed,))):
        move(ports, new, clock.now())
        deliver_due(ports, courier, KEY)
        _, body, headers = courier.sent[-1]
        assert headers["webhook-signature"].split(" ") == signatures(headers, body, *secrets)
        clock.advance(24 * 3600)


def test_a_secret_is_renewed_once_a_day_and_not_of_an_ended_webhook(
    ports: Ports, clock: FixedClock, hook: Webhook
) -> None:
    first = renew_secret(ports, OLGA, hook.id)
    with pytest.raises(ConflictError, match="24 hours"):
        renew_secret(ports, OLGA, hook.id)
    clock.advance(24 * 3600)
    assert secret_of(KEY, renew_secret(ports, OLGA, hook.id)) != secret_of(KEY, first)
    clock.advance(24 * 3600)
    end_webhook(ports, OLGA, hook.id)
    with pytest.raises(ConflictError, match="ended"):
        renew_secret(ports, OLGA, hook.id)
    with pytest.raises(NotFoundError):
        renew_secret(ports, OLGA, "whk_none")
