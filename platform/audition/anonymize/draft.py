"""A first `privacy.toml` from what the columns look like: every rule is careful, and marked for a person to confirm."""

import json

from audition.anonymize.policy import Role
from audition.anonymize.profile import ColumnProfile

_HEAD = """# A draft: each rule is a guess from names and values. Look at every column, correct it, write why.
# A column without a rule stops the release. docs/anonymization.md describes every key.

[release]
file = {file}
key_file = "release.key"   # made by `audition anonymize apply --new-key`; never part of a release

[gate]
k = 5
suppressed_share = 0.05
singling_out = 0.20
linkability = 0.20
inference = 0.50
record_linkage = 0.09
membership = 0.60
"""
_FEW_LEVELS = 30
_RULES = {
    Role.IDENTIFIER: ('transform = "drop"',),
    Role.DATE: ('transform = "shift"', 'per = "release"'),
    Role.TEXT: ('transform = "text"',),
    Role.TARGET: ('transform = "keep"',),
}


def draft_policy(file: str, profiles: list[ColumnProfile]) -> str:
    """The text of a policy for one table.

    Args:
        file: Name of the raw table.
        profiles: Of its columns, in their order.
    """
    return "\n".join([_HEAD.format(file=_quoted(file)), *(_column(profile) for profile in profiles)])


def _column(profile: ColumnProfile) -> str:
    facts = (
        f"# {profile.distinct:,} different, {profile.unique_share:.1%} of rows alone with theirs, "
        f"{profile.missing_share:.1%} missing, {profile.entropy_bits:.1f} bits"
    )
    found = "".join(f"; {share:.0%} {kind}" for kind, share in profile.found)
    lines = [
        f"[columns.{_key(profile.name)}]",
        facts + found,
        f'role = "{profile.role}"   # guessed: {profile.reason}',
        *_rule(profile),
        'why = ""',
    ]
    return "\n".join(lines) + "\n"


def _rule(profile: ColumnProfile) -> tuple[str, ...]:
    if fixed := _RULES.get(profile.role):
        return fixed
    if profile.role is Role.LINKING_NUMBER or (profile.role is Role.SENSITIVE and profile.is_number):
        return ('transform = "group-mean"',)
    if profile.is_number and profile.distinct > _FEW_LEVELS:
        return ('transform = "lattice"', "widths = [5, 10, 20, 40]")
    return ('transform = "levels"', "least_count = 20")


def _key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isascii() and plain.isalnum() else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
