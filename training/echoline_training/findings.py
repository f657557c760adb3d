"""What a check before a run found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

SHOWN = 5  # of many names


class PreflightError(ValueError):
    """The run must not start; the message lists every reason with what to do."""


@dataclass(frozen=True)
class Finding:
    """One thing that a check found. Its code is stable, and values hold what the reason says, for other words."""

    level: str  # refuse or warn
    code: str  # masks.size, disk.space, ...
    reason: str
    remedy: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.level}: {self.reason}; {self.remedy}"


def refusal(code: str, reason: str, remedy: str, **values: object) -> Finding:
    """A finding that stops the run before it starts."""
    return Finding("refuse", code, reason, remedy, values)


def warning(code: str, reason: str, remedy: str, **values: object) -> Finding:
    """A finding that is told, and the run goes on."""
    return Finding("warn", code, reason, remedy, values)


def listed(names: Sequence[str]) -> str:
    """The first of some names, and how many more."""
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def brief(e: Exception) -> str:
    """What an exception says, on one line that can be read at a glance."""
    return " ".join(str(e).split())[:300]


def guarded(code: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """The findings of a check; one that breaks down has found something, too."""
    out: list[Finding] = []
    try:
        out += check()
    except Exception as e:  # whatever it is would end the run later
        out.append(
            refusal(code, f"the check {code} breaks down ({type(e).__name__}: {brief(e)})", "mend that first", error=str(e))
        )
    return out


def refused(findings: Sequence[Finding]) -> bool:
    """Whether any finding stops the run."""
    return any(f.level == "refuse" for f in findings)


def refuse(findings: Sequence[Finding]) -> None:
    """Raise PreflightError if any finding stops the run."""
    bad = [f"- {f.reason}; {f.remedy}" for f in findings if f.level == "refuse"]
    if bad:
        raise PreflightError("\n".join(["this run would be wasted:", *bad]))


def to_json(findings: Sequence[Finding]) -> str:
    """Findings for programs: a list of objects with level, code, reason, remedy and values."""
    return json.dumps([asdict(f) for f in findings], indent=2, ensure_ascii=False)
