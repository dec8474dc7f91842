"""Every case of the corpus by its id: what it does, and what tests it or what it waits for."""

from collections.abc import Iterator

from tests.security.corpus import archives, hogs, outputs, shadows, traps, tricks
from tests.security.corpus.attack import Attack

ATTACKS: tuple[Attack, ...] = tuple(
    case for module in (hogs, outputs, archives, tricks, shadows, traps) for case in module.CASES
)

#: Doors that `probe_submission.py` tries.
PROBED = {
    "A20": "writes to the kernel's log and to syslog",
    "A24": "reboots, turns swap off, sets the clock and the host's name",
    "B19": "changes, removes or adds to its input and its own submission",
    "C01": "reads the environments of all processes",
    "C03": "looks for the answers and for secrets of the worker in every file and kernel interface",
    "C05": "looks for sockets and ports of container engines",
    "C06": "asks the metadata services of clouds",
    "C07": "looks for volumes, processes and files of other runs",
    "C08": "looks for secrets that were left in its image",
    "D01": "opens connections to the outside",
    "D02": "sends UDP, ICMP and IPv6, and makes raw and odd sockets",
    "D04": "connects to databases, queues and sites on the host's bridges",
    "D05": "connects to other containers",
    "E01": "makes a socket of the kernel's crypto interface (CVE-2026-31431)",
    "E03": "tries the system calls with which containers were left before",
    "E04": "looks for setuid programs and becomes root",
    "E06": "writes to kernel settings (CVE-2025-31133 and its sisters)",
    "E07": "joins and makes control groups",
    "E08": "makes devices for disks and memory",
    "E12": "traces process 1 and reads its memory with the debugger's calls",
    "E13": "reads its own capabilities, filter and user id",
    "E15": "changes the C library that all containers share; the next run hashes it",
    "X68": "looks for folders and sockets that were left open for it",
    "X69": "opens devices of the host: memory, virtualisation, tunnels, disks",
    "X70": "opens every file of /sys for writing",
    "X71": "asks for real-time scheduling",
    "X72": "raises its own priority",
    "X73": "makes itself the last that the kernel ends for memory",
}

_BUILDS = "tests/security/test_builds.py"
_SERVICES = "tests/security/test_services.py"
_SERVING = "tests/unit/services/test_serve_image.py"
_TWICE = "tests/graders/test_model_robustness.py"
_LIFE = "tests/security/corpus/test_lifecycle.py"
#: Cases that a test elsewhere covers: what it does, then file::name of the tests.
REFERRED: dict[str, tuple[str, tuple[str, ...]]] = {
    "B09": (
        "plants a link where ownership is fixed up later",
        (f"{_LIFE}::test_b09_no_code_of_ours_changes_owners",),
    ),
    "B18": (
        "brings a decompressor that the engine's archive API would run (CVE-2026-41567)",
        ("tests/security/test_engine_log.py::test_what_has_been_a_door_before_is_never_asked_for",),
    ),
    "C11": (
        "climbs by many submissions that differ a little",
        (
            "tests/unit/services/test_report.py::test_decimals_of_metrics",
            "tests/unit/services/test_report.py::test_decimals_of_scores_which_would_tell_the_metric",
            "tests/unit/services/test_submit.py::test_attempts_are_numbered_and_end",
        ),
    ),
    "C10": (
        "answers from a table of the public source",
        (f"{_TWICE}::test_answers_by_id_show_in_copies_and_answers_by_row_in_neighbours",),
    ),
    "C13": (
        "sleeps as long as a hidden value says: no hidden value is where it could read one",
        (
            (
                "tests/unit/services/test_execute.py::"
                "test_only_the_score_container_has_the_answers_and_only_after_the_candidate_is_dead"
            ),
        ),
    ),
    "C14": (
        "encodes what it saw in its predictions, to read them later",
        (
            "tests/unit/services/test_report.py::test_all_artifacts_but_their_own_logs",
            "tests/unit/services/test_look_up.py::test_nothing_but_logs_is_a_log",
        ),
    ),
    "D06": (
        "sends addresses of the inside in every field",
        (f"{_LIFE}::test_d06_addresses_in_fields_are_text",),
    ),
    "F01": ("names a build frontend of its own", (f"{_BUILDS}::test_a_builder_is_never_asked_for_it",)),
    "F02": ("races over a shared build cache", (f"{_BUILDS}::test_a_builder_is_never_asked_for_it",)),
    "F04": ("asks for secrets of the builder", (f"{_BUILDS}::test_a_builder_is_never_asked_for_it",)),
    "F05": (
        "asks for an insecure build, or the host's network",
        (f"{_BUILDS}::test_a_builder_is_never_asked_for_it",),
    ),
    "F06": ("adds from a URL or a repository", (f"{_BUILDS}::test_a_builder_is_never_asked_for_it",)),
    "F09": (
        "sends data out, loops, forks or writes without end while it is built",
        (
            f"{_BUILDS}::test_f09_no_step_reaches_anything_but_the_mirror",
            f"{_BUILDS}::test_f09_f10_bombs_are_ended_and_leave_nothing",
        ),
    ),
    "F10": (
        "builds five hundred layers or forty gigabytes",
        (
            f"{_BUILDS}::test_a_builder_is_never_asked_for_it",
            f"{_BUILDS}::test_f09_f10_bombs_are_ended_and_leave_nothing",
        ),
    ),
    "F13": (
        "writes a build log of terminal codes, and a gigabyte of it",
        (
            f"{_BUILDS}::test_f13_a_log_is_plain_text_and_bounded",
            f"{_BUILDS}::test_f13_a_forged_log_changes_no_cause",
        ),
    ),
    "F15": ("installs from another index", (f"{_BUILDS}::test_f15_another_index_is_nowhere",)),
    "F16": (
        "reads hidden files while it is built",
        (f"{_BUILDS}::test_f16_a_step_sees_the_submission_and_nothing_of_ours",),
    ),
    "H20": (
        "gives another answer each time",
        (f"{_TWICE}::test_answers_that_depend_on_chance_or_on_the_order_show_the_second_time",),
    ),
    "I07": (
        "writes templates in names",
        ("tests/web/test_hostile.py::test_reports_show_hostile_text_as_text",),
    ),
    "J01": (
        "sends one upload a hundred times at once",
        (f"{_LIFE}::test_j01_one_key_a_hundred_times_is_one_submission_and_one_run",),
    ),
    "J02": (
        "floods the site with uploads",
        (
            f"{_LIFE}::test_j02_a_flood_is_one_submission_and_the_rest_are_told_why",
            "tests/web/test_security.py::test_uploads_are_limited_by_person",
        ),
    ),
    "J03": (
        "asks for what belongs to others",
        (
            "tests/web/test_access.py::test_a_foreign_submission_and_none_at_all_look_the_same",
            "tests/web/test_access.py::test_pages_answer_each_person_as_they_should",
        ),
    ),
    "J04": (
        "cancels at every stage",
        (f"{_LIFE}::test_j04_at_every_stage", f"{_LIFE}::test_j04_before_it_starts"),
    ),
    "J05": (
        "the worker is killed, at any step",
        (
            "tests/faults/test_processes_die.py::test_a_killed_worker_and_its_job_are_replaced",
            "tests/unit/services/test_leases.py::test_it_writes_nothing_after_another_has_finished",
        ),
    ),
    "D10": (
        "connects back to the prober in its network",
        (f"{_SERVICES}::test_nothing_of_the_prober_listens_where_a_service_could_connect_back",),
    ),
    "G01": (
        "is never ready, crashes again and again, or dies once it is ready",
        (
            "tests/e2e/test_serving.py::test_a_service_that_listens_elsewhere_is_the_candidates_fault_and_still_gets_a_report",
            "tests/probing/test_services.py::test_a_start_that_has_ended_is_waited_for_no_longer",
            "tests/probing/test_services.py::test_a_service_that_never_starts_leaves_the_rest_unfinished",
        ),
    ),
    "G03": (
        "answers badly to bad payloads",
        ("tests/probing/test_services.py::test_each_flaw_is_seen_by_its_probe",),
    ),
    "G04": (
        "answers from a table, or always the same",
        (
            f"{_TWICE}::test_answers_by_id_show_in_copies_and_answers_by_row_in_neighbours",
            "tests/graders/test_model_honesty.py::test_a_constant_is_seen",
        ),
    ),
    "G10": (
        "ignores the request to stop",
        (f"{_SERVING}::test_a_service_that_does_not_stop_is_waited_for_no_longer_than_its_grace",),
    ),
    "I01": (
        "brings a notebook with scripts in its outputs",
        (
            "tests/e2e/test_notebook.py::test_a_notebook_is_run_measured_and_judged_whatever_it_says_of_itself",
            "tests/web/test_framed.py::test_it_is_shown_where_it_may_do_nothing",
        ),
    ),
    "I03": (
        "brings a model card with markup and pictures from outside",
        (
            "tests/unit/grading/test_texts.py::test_markup_and_pictures_from_outside_are_words_and_nothing_else",
            "tests/web/test_framed.py::test_it_is_shown_where_it_may_do_nothing",
        ),
    ),
    "I04": (
        "writes spreadsheet formulas where a table is exported",
        (
            "tests/unit/services/test_export_report.py::test_no_text_is_a_formula_and_numbers_stay_numbers",
            "tests/unit/services/test_survey_cohort.py::test_the_table_has_every_attempt_and_no_formula",
        ),
    ),
    "J06": (
        "the process that does a job is killed",
        ("tests/faults/test_processes_die.py::test_a_killed_job_is_done_again_by_the_same_worker",),
    ),
    "J08": (
        "the queue is emptied, or away",
        (
            "tests/faults/test_processes_die.py::test_a_queue_that_is_emptied_loses_nothing",
            "tests/faults/test_processes_die.py::test_a_queue_that_is_away_delays_and_loses_nothing",
        ),
    ),
    "G06": (
        "raises its drift alarm always, or never",
        (
            "tests/probing/test_drift_live.py::test_a_fake_is_not_believed",
            "tests/graders/test_drift_alarms.py::test_an_alarm_that_is_always_on_earns_nothing",
        ),
    ),
    "G09": (
        "leaks until it dies slowly",
        (
            "tests/probing/test_drift_live.py::test_memory_is_watched_beside",
            "tests/graders/test_runtime_memory.py::test_only_growth_that_is_sure_and_goes_on_costs",
        ),
    ),
    "J09": (
        "the container engine is restarted",
        ("tests/faults/test_engine_dies.py::test_an_engine_that_is_restarted_costs_a_try_and_nothing_else",),
    ),
    "J11": (
        "the host is restarted",
        (
            "tests/faults/test_engine_dies.py::test_a_host_that_loses_power_does_the_run_again_when_it_is_back",
        ),
    ),
    "J13": (
        "the disk of the worker is full",
        ("tests/faults/test_disk_full.py::test_a_host_whose_disk_is_full_or_that_is_drained_takes_no_jobs",),
    ),
}

#: What it does, and the part of Audition that it waits for.
PENDING: dict[str, tuple[str, str]] = {}
_FAMILIES = {
    "A": "Taking more than one's share",
    "B": "Files, archives and what is collected",
    "C": "Secrets, answers and information",
    "D": "Network",
    "E": "The kernel and the wall of the container",
    "F": "Building images",
    "G": "Services",
    "H": "The grade itself",
    "I": "Reports and their readers",
    "J": "The platform and its life cycle",
    "X": "Cases of our own",
}


def rows() -> dict[str, tuple[str, str]]:
    """By id: what it does, and "tested" or what it waits for."""
    tested = (
        {case.id: case.act for case in ATTACKS} | PROBED | {id_: act for id_, (act, _) in REFERRED.items()}
    )
    waiting = {id_: (act, f"waits for {part}") for id_, (act, part) in PENDING.items()}
    return dict(sorted(({id_: (act, "tested") for id_, act in tested.items()} | waiting).items()))


def lines() -> Iterator[str]:
    """The tables of docs/security.md."""
    family = ""
    for id_, (act, status) in rows().items():
        if id_[0] != family:
            family = id_[0]
            yield from (
                "",
                f"**{family}. {_FAMILIES[family]}**",
                "",
                "| id | the submission … | |",
                "|---|---|---|",
            )
        yield f"| {id_} | {act} | {status} |"


if __name__ == "__main__":
    print("\n".join(lines()))  # noqa: T201  to paste into the page
