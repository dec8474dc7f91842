"""Look at the site without Docker, Redis or a database: `python -m tests.web.preview`, from the root.

The repository must be installed, or PYTHONPATH be platform:. (both source roots).
"""

import sys

from werkzeug.serving import run_simple

from tests.web.full_story import tell_everything
from tests.web.reviews import tell_reviews
from tests.web.stories import tell_all
from tests.web.world import LINKS, PASSWORD, STAFF, make_world


def main(port: int = 8765) -> None:
    """Serve the small world until interrupted."""
    world = make_world(public_url=f"http://127.0.0.1:{port}")
    tell_all(world.ports)
    tell_everything(world.ports, who="carol")
    tell_reviews(world.ports)
    # The newest submission came 95 minutes after the first; the running one runs for a while then.
    world.clock.advance(80 * 60 + 3.4)
    for name in STAFF:
        sys.stdout.write(f"{name}@example.org, password: {PASSWORD}\n")
    for name, token in LINKS.items():
        sys.stdout.write(f"{name}: http://127.0.0.1:{port}/i/{token}\n")
    run_simple("127.0.0.1", port, world.app, threaded=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
