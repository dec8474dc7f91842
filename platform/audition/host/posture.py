"""Whether this host keeps candidates in: look from inside real containers, and choose the runtimes by the result.

Theory of operation. Before a worker takes its first job, a probe runs in containers of the images, users, limits and
runtimes that jobs will have (`adapters/docker/examine.py`). Trusted containers run under runc; code of candidates
and authors runs under gVisor where that is registered and passes, else under runc. A host whose containers are not
as they must be takes no jobs and says why. What passed is remembered for a day, by everything that it depends on;
what failed is looked at again each time.
"""

from collections.abc import Callable, Mapping, Sequence

from audition.adapters.docker.engine_client import usual_addresses
from audition.adapters.docker.examine import Result, Subject
from audition.adapters.docker.examiner import Examiner
from audition.adapters.docker.translate import GVISOR, RUNC
from audition.domain.errors import UnavailableError
from audition.domain.execution import Profile
from audition.domain.notebook import NOTEBOOK_IMAGES
from audition.host.recipes import Recipe, read_recipes
from audition.settings import Settings

#: Code of strangers, which gVisor is for.
UNTRUSTED = (Profile.CANDIDATE, Profile.AUTHOR)
UNFIT = "unfit-host"
"""Code of the error that a host raises on which nothing may run."""
UNFIT_EXIT = 78
"""Exit code of a worker on such a host. Source: EX_CONFIG of sysexits.h."""
_GRADER_IMAGE = "grader"


def subjects(registered: Sequence[str], images: Mapping[str, str], wanted: str) -> tuple[Subject, ...]:
    """Which kinds of container to look at.

    Args:
        registered: Runtimes of the engine.
        images: Name to reference, of the graders' image and of those in which candidates' commands run.
        wanted: AUDITION_RUNTIME.
    """
    strangers = [] if wanted == GVISOR else [RUNC]
    if wanted != RUNC and GVISOR in registered:
        strangers.append(GVISOR)
    found = [
        Subject(profile=Profile.CANDIDATE, image=image, runtime=runtime)
        for runtime in strangers
        for name, image in images.items()
        if name != _GRADER_IMAGE
    ]
    return (Subject(profile=Profile.GRADER, image=images[_GRADER_IMAGE], runtime=RUNC), *found)


def choose(wanted: str, registered: Sequence[str], results: Sequence[Result]) -> dict[Profile, str]:
    """Which profile runs under which runtime.

    Args:
        wanted: AUDITION_RUNTIME.
        registered: Runtimes of the engine.
        results: Of what `subjects` asked for.

    Raises:
        UnavailableError: Nothing may run here; `code` is UNFIT.
    """
    failed = {result.subject.runtime for result in results if result.troubles}
    is_trusted_well = not any(r.troubles for r in results if r.subject.profile == Profile.GRADER)
    problems = [f"{r.subject}: {trouble}" for r in results for trouble in r.troubles]
    if wanted == GVISOR and GVISOR not in registered:
        problems.append(f"AUDITION_RUNTIME asks for {GVISOR}, which the engine does not have")
    candidates = {GVISOR: [GVISOR], RUNC: [RUNC]}.get(wanted, [GVISOR, RUNC])
    untrusted = next((r for r in candidates if r not in failed and (r == RUNC or r in registered)), None)
    if untrusted is None or not is_trusted_well:
        msg = "This host does not keep candidates in, so it takes no jobs:\n  " + "\n  ".join(problems)
        fix = "`audition doctor` shows the same list and how to mend each; then start the worker again."
        raise UnavailableError(msg, transient=False, code=UNFIT, next_step=fix)
    return {**dict.fromkeys(Profile, RUNC), **dict.fromkeys(UNTRUSTED, untrusted)}


def runtimes(
    settings: Settings, images: Mapping[str, str], note: Callable[[str], None] = lambda _: None
) -> dict[Profile, str]:
    """Look at this host, or remember having done so, and choose.

    Args:
        settings: The operator's choices.
        images: Name to reference, of all images that runs use.
        note: Told about what fails without making the host unfit.

    Raises:
        UnavailableError: The engine does not answer, or the host is unfit (`code` is UNFIT).
    """
    results, registered = look(settings, images)
    chosen = choose(settings.runtime, registered, results)
    for result in results:
        for trouble in result.troubles:
            note(f"not used: {result.subject}: {trouble}")
    return chosen


def look(
    settings: Settings, images: Mapping[str, str], *, is_fresh: bool = False
) -> tuple[tuple[Result, ...], tuple[str, ...]]:
    """What was found, and the engine's runtimes.

    Args:
        settings: The operator's choices.
        images: Name to reference, of all images that runs use.
        is_fresh: Whether to look even at what is remembered.

    Raises:
        UnavailableError: The engine does not answer, or an image is missing.
    """
    address = settings.docker_host or usual_addresses()[0]
    with Examiner(address, instance=settings.instance, folder=settings.data_dir / "posture") as examiner:
        recipes = read_recipes(settings.images_dir)
        # The image of graders, and those in which candidates' commands are run; the rest is built upon or served.
        used = {n: image for n, image in images.items() if n == _GRADER_IMAGE or runs_strangers(recipes[n])}
        # One that only some challenges need is looked at where it is built.
        used = {n: image for n, image in used.items() if "runs" in recipes[n].used_by or examiner.has(image)}
        registered = examiner.facts.runtimes
        wanted = subjects(registered, used, settings.runtime)
        return examiner.results(wanted, is_fresh=is_fresh), registered


def runs_strangers(recipe: Recipe) -> bool:
    """Whether commands of candidates are run in containers of this image."""
    return (
        recipe.warm is not None or "challenges" in recipe.used_by or recipe.name in NOTEBOOK_IMAGES.values()
    )
