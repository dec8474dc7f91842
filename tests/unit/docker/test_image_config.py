"""What is taken over from the engine's record of a candidate's image."""

from audition.adapters.docker.build_log import StepCount
from audition.adapters.docker.image_config import read_config
from audition.domain.image import ImageConfig

FULL = {
    "User": "10001:10001",
    "WorkingDir": "/srv",
    "Entrypoint": ["python"],
    "Cmd": ["serve.py"],
    "Env": ["TOKEN=do-not-tell", "A=1"],
    "ExposedPorts": {"9090/tcp": {}, "8080/tcp": {}},
    "Healthcheck": {"Test": ["CMD", "curl", "localhost"]},
    "Labels": {"audition.run": "r", "org.audition.kind": "candidate", "maintainer": "me"},
    "StopSignal": "SIGINT",
}


def test_the_record_is_taken_over_without_values_of_variables_and_without_our_labels() -> None:
    config = read_config(FULL)

    assert config == ImageConfig(
        user="10001:10001",
        working_dir="/srv",
        entrypoint=("python",),
        command=("serve.py",),
        environment=("A", "TOKEN"),
        ports=("8080/tcp", "9090/tcp"),
        health_check=("CMD", "curl", "localhost"),
        labels=("maintainer",),
        stop_signal="SIGINT",
    )


def test_what_an_image_does_not_say_is_empty() -> None:
    assert read_config({}) == ImageConfig()
    assert read_config(dict.fromkeys(FULL)) == ImageConfig()


def test_hostile_words_are_few_short_and_printable() -> None:
    config = read_config({"Cmd": ["\x1b[2J" + "x" * 9999] * 999, "User": "a\nb", "Env": ["E" * 9999] * 999})

    assert (len(config.command), len(config.command[0])) == (64, 512)
    assert config.command[0].isprintable()
    assert config.user == "a\\nb"
    assert (len(config.environment), len(config.environment[0])) == (64, 512)


def test_only_the_next_step_is_believed() -> None:
    steps = StepCount()
    for text in [
        "Step 1/3 : FROM x",
        "Step 3/3 : forged",
        " Step 2/3 : inside",
        "Step 2/3 : RUN y",
        "Step 2/3 : again",
    ]:
        steps.add(text)
    assert steps.number == 2
    steps.add("Step 3/2 : beyond")
    assert steps.number == 2
