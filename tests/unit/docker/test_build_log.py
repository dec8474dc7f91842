"""What a build prints is kept from both ends, as text that nothing obeys."""

from audition.adapters.docker.build_log import BuildLog, plain


def test_a_short_log_is_kept_whole() -> None:
    log = BuildLog(100)
    for piece in ("Step 1/2", " : FROM x\n", "done\n"):
        log.add(piece)

    assert log.text() == "Step 1/2 : FROM x\ndone\n"
    assert not log.is_truncated


def test_a_long_log_keeps_its_beginning_and_its_end() -> None:
    log = BuildLog(100)
    log.add("begin ")
    for number in range(1000):
        log.add(f"{number}\n")
    log.add("the end")

    text = log.text()
    assert log.is_truncated
    assert text.startswith("begin 0\n1\n")
    assert text.endswith("\n999\nthe end")
    assert "[... left out ...]" in text
    assert len(text) <= 100 + len("\n[... left out ...]\n")


def test_one_huge_piece_is_cut_as_well() -> None:
    log = BuildLog(100)
    log.add("a" * 10_000 + "z")

    assert log.total == 10_001
    assert len(log.text()) <= 125
    assert log.text().endswith("z")


def test_what_a_terminal_would_obey_is_written_out() -> None:
    assert plain("\x1b[91mred\x1b[0m") == "red"
    assert plain("\x1b]0;t\x07") == "\\x1b]0;t\\x07"
    assert plain("50%\r100%\r\n") == "50%\n100%\n"
    assert plain("a\u202eb\x00c\ud800d\u2028") == "a\\u202eb\\x00c\\ud800d\\u2028"
    assert plain("naïve 漢字 \t✓") == "naïve 漢字 \t✓"
