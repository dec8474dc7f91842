"""What templates can use: words, formats, chart geometry, versioned assets."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, g, url_for
from markupsafe import Markup

from audition.domain.metrics import shown
from audition.domain.override import holding
from audition.domain.people import Role
from audition.domain.practice import MOST_PRACTICE
from audition.domain.submission import FREE_STATES, SETTLED_STATES
from audition.markup import Section, sections, to_html
from audition.services.headline import band
from audition.services.look_up import log_name
from audition.web import charts, formats, words
from audition.web.context import ports
from audition.web.course_drawing import course_drawing
from audition.web.drift_drawing import drift_drawing
from audition.web.part_drawing import cloud, dot_plot
from audition.web.plain_text import visible


def install(app: Flask) -> None:
    """Give the templates their filters and names."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        bytes=formats.size,
        duration=formats.duration,
        measured=shown,
        moment=formats.moment,
        number=formats.number,
        points=formats.points,
        short=formats.short,
        markdown=_markdown,
        sections=_sections,
        visible=visible,
        words=words.words_for,
        stage_words=words.stage_words,
        verdict_words=words.verdict_words,
        metric_name=words.metric_name,
        probe_name=words.probe_name,
        role_name=words.role_name,
        log_name=log_name,
        check_anchor=lambda check: f"check-{check}",
        band=lambda score: words.BANDS[band(score)],
    )
    app.jinja_env.globals.update(
        charts=charts,
        cloud=cloud,
        dot_plot=dot_plot,
        drift_drawing=drift_drawing,
        checks_by_id=lambda items: {item.check: item for item in items},
        blocks_by_cause=lambda items: {item.cause: item for item in items},
        course_drawing=course_drawing,
        between=formats.between,
        left=formats.left,
        holding=holding,
        asset=_asset_url(Path(app.static_folder or "")),
        settled_states=SETTLED_STATES,
        free_states=FREE_STATES,
        most_practice=MOST_PRACTICE,
        judged_states=words.JUDGED_STATES,
        practice_words=words.PRACTISED,
        role=Role,
    )
    app.context_processor(_for_every_page)


def _markdown(text: str) -> Markup:
    """Authors' Markdown; candidates' never comes here."""
    return Markup(to_html(text))  # noqa: S704  cleaned there


def _sections(text: str) -> list[Section]:
    return [replace(section, body=Markup(section.body)) for section in sections(text)]  # noqa: S704  as above


def _for_every_page() -> dict[str, Any]:
    # Only what was looked up already: an error page must not ask the database again.
    return {"asker": g.get("asker"), "now": ports().clock.now}


def _asset_url(folder: Path) -> Callable[[str], str]:
    @cache
    def version(name: str) -> str:
        return sha256((folder / name).read_bytes()).hexdigest()[:12]

    def url(name: str) -> str:
        return url_for("static", filename=name, v=version(name))

    return url
