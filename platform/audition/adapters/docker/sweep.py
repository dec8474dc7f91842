"""Remove what runs leave behind, from labels alone: no database is needed to clean a host."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import docker
from docker.errors import APIError, NotFound

from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.translate import (
    LABEL_DEADLINE,
    LABEL_FENCE,
    LABEL_INSTANCE,
    LABEL_RUN,
)

#: After its deadline a thing may live this much longer; then it goes whatever its run says.
GRACE_SECONDS = 30.0
#: What another instance left has this long, so that its own worker, if there is one, is always first.
STRANGERS_GRACE_SECONDS = 600.0


class Sweeper:
    """Finds and removes labelled containers, volumes and candidates' images of one instance.

    What is long past its deadline goes whatever instance it is of: that one may be no more.
    """

    def __init__(self, client: docker.APIClient, instance: str) -> None:
        """Things without our labels are never touched."""
        self._client = client
        self._instance = instance

    def remove_run(self, run_id: str, fence: int) -> int:
        """Remove everything of one run and fence; return how many things."""
        return self.remove_running(run_id, fence) + self._remove_images(self._images(self._of(run_id, fence)))

    def remove_running(self, run_id: str, fence: int) -> int:
        """The same for what has built nothing: the engine takes long to go through all its images."""
        labels = self._of(run_id, fence)
        return self._remove(self._containers(labels), self._volumes(labels))

    def remove_steps(self, labels: Mapping[str, str]) -> int:
        """Remove the containers of a build's steps."""
        wanted = [f"{LABEL_INSTANCE}={self._instance}", *(f"{key}={value}" for key, value in labels.items())]
        return self._remove(self._containers(wanted), [])

    def remove_dangling(self, labels: Mapping[str, str]) -> int:
        """Remove the images that a build left without a name."""
        wanted = self._of(labels[LABEL_RUN], labels[LABEL_FENCE])
        return self._remove_images(i for i in self._images(wanted) if _is_nameless(i))

    def sweep(self, is_over: Callable[[str, int], bool], now: float) -> int:
        """Remove what is past its deadline, ours first, and whatever is of a run of ours that is over."""
        verdicts: dict[tuple[str, int], bool] = {}

        def may_go(thing: dict[str, Any]) -> bool:
            labels = thing.get("Labels") or {}
            late_by = now - float(labels[LABEL_DEADLINE])
            if labels[LABEL_INSTANCE] != self._instance:
                return late_by > STRANGERS_GRACE_SECONDS
            if late_by > GRACE_SECONDS:
                return True
            key = (labels.get(LABEL_RUN, ""), int(labels.get(LABEL_FENCE, "0")))
            if key not in verdicts:
                verdicts[key] = is_over(*key)
            return verdicts[key]

        everybody = [LABEL_INSTANCE, LABEL_DEADLINE]
        containers = [c for c in self._containers(everybody) if may_go(c)]
        volumes = [v for v in self._volumes(everybody) if may_go(v)]
        images = [i for i in self._images(everybody) if may_go(i)]
        return self._remove(containers, volumes) + self._remove_images(images)

    def _containers(self, labels: list[str]) -> list[dict[str, Any]]:
        return list(self._client.containers(all=True, filters={"label": labels}))

    def _volumes(self, labels: list[str]) -> list[dict[str, Any]]:
        return list(self._client.volumes(filters={"label": labels}).get("Volumes") or [])

    def _images(self, labels: list[str]) -> list[dict[str, Any]]:
        return list(self._client.images(filters={"label": labels}))

    def _of(self, run_id: str, fence: int | str) -> list[str]:
        """Labels of what a run of ours has."""
        return [f"{LABEL_INSTANCE}={self._instance}", f"{LABEL_RUN}={run_id}", f"{LABEL_FENCE}={fence}"]

    def _remove(self, containers: Iterable[dict[str, Any]], volumes: Iterable[dict[str, Any]]) -> int:
        removed = 0
        for container in containers:
            removed += self._attempt(self._client.remove_container, container["Id"], v=True, force=True)
        for volume in volumes:
            removed += self._attempt(self._client.remove_volume, volume["Name"])
        return removed

    def _remove_images(self, images: Iterable[dict[str, Any]]) -> int:
        # The youngest first: an image stays as long as another one is built on it.
        youngest_first = sorted(images, key=lambda image: -int(image["Created"]))
        removed = sum(self._attempt(self._client.remove_image, i["Id"], force=True) for i in youngest_first)
        for image in self._images([LABEL_INSTANCE]) if removed < len(youngest_first) else []:
            if image["Id"] in {i["Id"] for i in youngest_first}:
                removed += self._attempt(self._client.remove_image, image["Id"], force=True)
        return removed

    @staticmethod
    def _attempt(remove: Callable[..., object], name: str, **options: bool) -> int:
        try:
            remove(name, **options)
        except NotFound:
            return 0  # Somebody was faster.
        except APIError as error:
            if error.status_code == 409:  # noqa: PLR2004  "removal already in progress", or still in use
                return 0
            raise
        return 1


def count_late(client: docker.APIClient, now: float) -> int:
    """How many containers are past their deadline, of any instance.

    A worker removes its own when it starts, and those of others once they are ten minutes late.

    Raises:
        UnavailableError: The engine does not answer.
    """
    with engine_errors("looking for what was left"):
        found = client.containers(all=True, filters={"label": LABEL_DEADLINE})
    return sum(now > float(c["Labels"][LABEL_DEADLINE]) + GRACE_SECONDS for c in found)


def _is_nameless(image: Mapping[str, Any]) -> bool:
    return all(tag == "<none>:<none>" for tag in image.get("RepoTags") or [])
