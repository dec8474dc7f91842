"""Scrapes are kept within bounds, declared signals first, whatever a service exposes."""

from audition import codec
from audition.domain.drift import MAX_RUN_SERIES, Family, MetricKind, Series, unpack
from audition.domain.monitoring import DriftSignal
from audition.probing.drift_scrapes import MAX_FAMILIES, MAX_SEEN, Families, Recorder
from audition.probing.exposition import Page, read_page

PSI = DriftSignal(metric="psi", labels={"feature": "age"})
ROOM = 400_000


def page(text: str) -> Page:
    return read_page(text.encode(), "text/plain; version=0.0.4")


def many(count: int, prefix: str = "n", last: str = "") -> str:
    return "".join(f'{prefix}{{x="{number}"}} {number}\n' for number in range(count)) + last


def test_values_are_kept_as_exposed_with_where_and_when() -> None:
    families = Families()
    recorder = Recorder(families, ())
    for requests in (0, 50):
        recorder.take(
            page(f"# HELP a What.\n# TYPE a counter\na_total {requests}\nb 0.5\n"), requests, requests / 100
        )
    table, rest = recorder.tables(ROOM)
    assert (table.requests, table.seconds) == ((0, 50), (0.0, 0.5))
    assert table.series == (Series(metric="a_total"), Series(metric="b"))
    assert unpack(table).tolist() == [0.0, 50.0, 0.5, 0.5]
    assert families.known["a"] == Family(name="a", kind=MetricKind.COUNTER, help="What.")
    assert (table.dropped, rest.series) == (0, ())


def test_declared_signals_are_kept_before_a_flood_of_others() -> None:
    recorder = Recorder(Families(), (PSI,))
    last = 'psi{feature="job"} 1\npsi{feature="age"} 2\n'
    recorder.take(page(many(5000, last=last)), 0, 0.0)
    table, _ = recorder.tables(ROOM)
    assert table.series[0] == Series(metric="psi", labels=(("feature", "age"),))
    assert len(table.series) == MAX_RUN_SERIES
    assert table.dropped > MAX_SEEN - MAX_RUN_SERIES


def test_a_document_is_never_larger_than_its_room() -> None:
    recorder = Recorder(Families(), ())
    for number in range(100):
        recorder.take(page(many(600, prefix="n" * 250)), number, float(number))
    for room in (1000, 50_000, ROOM):
        tables = recorder.tables(room)
        assert sum(len(codec.to_json(table)) for table in tables) < room + 5000
        assert len(tables[0].series) == min(len(tables[0].series), MAX_RUN_SERIES)


def test_names_and_labels_without_end_are_left_out_and_counted() -> None:
    families = Families()
    recorder = Recorder(families, ())
    labels = ",".join(f'l{number}="1"' for number in range(20))
    recorder.take(page(f'{"x" * 301} 1\na{{l="{"y" * 301}"}} 1\na{{{labels}}} 1\nb 1\n'), 0, 0.0)
    table, _ = recorder.tables(ROOM)
    assert (table.series, table.dropped) == ((Series(metric="b"),), 3)
    for number in range(3):
        families.see(page(many(1, prefix=f"f{number}") + "".join(f"g{n}_{number} 1\n" for n in range(300))))
    assert len(families.known) <= MAX_FAMILIES


def test_a_counter_that_falls_at_rest_names_several_registries() -> None:
    recorder = Recorder(Families(), ())
    assert recorder.sharded() == ""
    for value in (26, 26, 11):
        recorder.take_rest(page(f"# TYPE answers counter\nanswers_total {value}\nload {-value}\n"), 60, 1.0)
    assert "answers_total went down" in recorder.sharded()


def test_another_start_time_is_a_restart() -> None:
    recorder = Recorder(Families(), ())
    for began in (1.0, 1.0, 9.0):
        recorder.take(page(f"process_start_time_seconds {began}\n"), 0, 0.0)
    assert recorder.restarts == 1
