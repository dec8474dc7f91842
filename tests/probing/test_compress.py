"""Times of PromQL are shortened where they are times, and nowhere else."""

import pytest

from audition.probing.compress import cannot_compress, compressed, longest_range_seconds


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("rate(a[5m]) > 5", "rate(a[10000ms]) > 5"),
        ("max_over_time(rate(a[5m])[1h30m:1m])", "max_over_time(rate(a[10000ms])[180000ms:2000ms])"),
        ("max_over_time(a[30m:])", "max_over_time(a[60000ms:])"),
        ("a{b=\"[5m]\",c=~'[0-9]5m'} == 1", "a{b=\"[5m]\",c=~'[0-9]5m'} == 1"),
        ("rate(a[ 1w ]) # over [5m]", "rate(a[ 20160000ms ]) # over [5m]"),
        ('label_replace(a, "x", "\\"[5m]", "y", "")', 'label_replace(a, "x", "\\"[5m]", "y", "")'),
        ("rate(a[10ms])", "rate(a[1ms])"),
        ("up == 0", "up == 0"),
    ],
)
def test_times_in_brackets_are_divided(text: str, made: str) -> None:
    assert compressed(text, 30.0) == made


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("up", 0.0), ("rate(a[5m]) / rate(b[1h30m])", 5400.0), ('a{b="[1d]"}', 0.0), ("a[30m:1m]", 1800.0)],
)
def test_the_longest_time_is_known(text: str, seconds: float) -> None:
    assert longest_range_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rate(a[5m] offset 1d) > 2", "another time"),
        ("a @ end()", "another time"),
        ("time() - last_success > 3600", "the clock"),
        ("hour() > 8 and a", "the clock"),
        ("predict_linear(a[1h], 3600) > 1", "a trend"),
        ('ALERTS{alertname="x"}', "at alerts"),
    ],
)
def test_what_cannot_be_tried_says_why(text: str, words: str) -> None:
    assert words in cannot_compress(text)


@pytest.mark.parametrize(
    "text", ['a{b="offset"} > 1', "timer_count > 1", "my_offset_total > 1", "# time()\na"]
)
def test_words_that_only_look_like_it_are_no_obstacle(text: str) -> None:
    assert cannot_compress(text) == ""


@pytest.mark.parametrize("text", ["[" * 2000, '"' * 1999, "a[" + "5m" * 900 + "]", "\\" * 2000])
def test_hostile_text_is_read_at_once(text: str) -> None:
    assert isinstance(compressed(text, 30.0), str)
    assert longest_range_seconds(text) >= 0
