"""A run's folder as one HTML page that needs nothing beside itself: no network, no script, no library."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from . import durable, runs, watch

WIDTH, HEIGHT = 720, 260  # px of a chart
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 14, 34  # px around its axes
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c6d00", "#56b4e9")

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #667; --line: #d5d9df; --ground: #fff; --note: #fff4dc; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ee; --faint: #9aa3af; --line: #3a414b; --ground: #14171b; --note: #3a2f14; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  max-width: 860px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.faint { color: var(--faint); } .note { background: var(--note); padding: .4rem .7rem; border-radius: 4px; }
table { border-collapse: collapse; } th { text-align: left; font-weight: 600; }
th, td { padding: .15rem .9rem .15rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } td { overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; } svg text { fill: var(--faint); font-size: 12px; }
svg .grid { stroke: var(--line); } figure { margin: 1rem 0; } img { max-width: 100%; }
"""

Series = Mapping[str, Sequence[tuple[float, float]]]


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Round numbers from low to high."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * k for k in (1, 2, 5, 10) if unit * k >= rough)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 10) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def chart(title: str, series: Series, end: float) -> str:
    """Curves over the steps 0 to `end`, as SVG; each is named where it ends. Empty without any finite point."""
    lines = {k: [(x, y) for x, y in v if math.isfinite(y)] for k, v in series.items()}
    lines = {k: v for k, v in lines.items() if v}
    if not lines:
        return ""
    values = [y for v in lines.values() for _, y in v]
    low, high = min(values), max(values)
    margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    low, high = low - margin, high + margin
    end = max(end, *(x for v in lines.values() for x, _ in v), 1)

    def at(x: float, y: float) -> tuple[float, float]:
        px = LEFT + x / end * (WIDTH - LEFT - RIGHT)
        return round(px, 1), round(HEIGHT - BOTTOM - (y - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    out = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">', *_grid(at, low, high, end)]
    places = _apart([at(*v[-1])[1] for v in lines.values()])
    for i, (name, points) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join("{},{}".format(*at(x, y)) for x, y in points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        out += [f'<circle cx="{a}" cy="{b}" r="2.4" fill="{colour}"/>' for a, b in (at(x, y) for x, y in points[-40:])]
        name_at = WIDTH - RIGHT + 10
        out.append(
            f'<text x="{name_at}" y="{places[i] + 4}" style="fill:{colour}">{escape(name)} {points[-1][1]:.4g}</text>'
        )
    return "".join([*out, "</svg>"])


def _grid(at: Callable[[float, float], tuple[float, float]], low: float, high: float, end: float) -> list[str]:
    out = []
    for y in ticks(low, high):
        height = at(0, y)[1]
        out.append(f'<line class="grid" x1="{LEFT}" y1="{height}" x2="{WIDTH - RIGHT}" y2="{height}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{height + 4}" text-anchor="end">{y:g}</text>')
    for x in ticks(0, end):
        out.append(f'<text x="{at(x, low)[0]}" y="{HEIGHT - 12}" text-anchor="middle">{x:g}</text>')
    return out


def _apart(heights: Sequence[float], least: float = 15) -> list[float]:
    """Heights (px) of labels, moved down where they would cover each other."""
    out, last = [0.0] * len(heights), -math.inf
    for i in sorted(range(len(heights)), key=lambda i: heights[i]):
        last = out[i] = max(heights[i], last + least)
    return out


def table(rows: Sequence[Sequence[Any]], head: Sequence[str] = ()) -> str:
    """A table; numbers stand to the right."""
    out = ["<table>"]
    if head:
        out.append("<tr>" + "".join(f"<th>{escape(h)}</th>" for h in head) + "</tr>")
    for row in rows:
        cells = (f"<td{_kind(v)}>{escape(_said(v))}</td>" for v in row)
        out.append("<tr>" + "".join(cells) + "</tr>")
    return "".join([*out, "</table>"])


def _kind(value: Any) -> str:
    return ' class="number"' if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def _said(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _flat(doc: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Names and values of a JSON object, those of objects in it with their path."""
    out: list[tuple[str, Any]] = []
    for name, value in doc.items():
        out += _flat(value, f"{prefix}{name} ") if isinstance(value, Mapping) else [(prefix + name, value)]
    return out


def state(log: Sequence[runs.Line]) -> str:
    """Where a run stands, in a sentence."""
    told = [line for line in log if "of" in line]
    if not told:
        return "Nothing logged yet."
    step, steps = told[-1]["step"], told[-1]["of"]
    reason = next((line for line in reversed(log) if "stopped" in line or "ended" in line), None)
    if reason is not None and "stopped" in reason:
        return f"Stopped at step {reason['step']} of {steps}: {reason['stopped']}"
    if reason is not None:
        return f"Ended early at step {reason['step']} of {steps}: {reason['ended']}"
    if step >= steps:
        return f"Finished, {steps} steps."
    return f"Step {step} of {steps} ({step / steps:.0%})."


def _time(log: Sequence[runs.Line]) -> str:
    seconds = [line["seconds"] for line in log if "seconds" in line]
    return f"{seconds[-1] / 60:.0f} minutes of training." if seconds else ""


def _notes(log: Sequence[runs.Line]) -> str:
    notes = [f"<p class=note>Step {line['step']}: {escape(str(line['note']))}.</p>" for line in log if "note" in line]
    return "".join(notes)


def _curves(log: Sequence[runs.Line]) -> str:
    end = max((line["of"] for line in log if "of" in line), default=0)
    loss = {"loss": [(line["step"], line["loss"]) for line in log if "loss" in line]}
    checks = [line for line in log if watch.score(line) is not None]
    names = dict.fromkeys(k for line in checks for k in line if k.startswith("val_"))
    val = {k.removeprefix("val_"): [(c["step"], c[k]) for c in checks if c.get(k) is not None] for k in names}
    charts = [("Training loss, by step", loss), ("Val, by step", val)]
    drawn = [(title, chart(title, series, end)) for title, series in charts]
    return "".join(f"<h2>{title}</h2>{svg}" for title, svg in drawn if svg)


def _metrics(log: Sequence[runs.Line]) -> str:
    lines = [line for line in log if watch.score(line) is not None]
    if not lines:
        return ""
    top = lines[watch.best(watch.checks(lines))]
    names = [k for k in dict.fromkeys(k for line in lines for k in line) if k != "step"]
    head = ["", f"last (step {lines[-1]['step']})", f"best (step {top['step']})"]
    return "<h2>Checks on val</h2>" + table([(n, lines[-1].get(n), top.get(n)) for n in names], head)


def _cases(folder: Path) -> str:
    path = folder / runs.CASES
    if not path.exists():
        return ""
    found = runs.means(runs.read_cases(path))
    rows = [(s, name, count, mean) for s, m in found.items() for name, (count, mean) in m.items()]
    return f"<h2>Images ({runs.CASES})</h2>" + table(rows, ("set", "measure", "images", "mean"))


def _examples(folder: Path) -> str:
    out = []
    for e in runs.read_json(folder / runs.EXAMPLES / "examples.json").get("examples", []):
        png = base64.b64encode((folder / runs.EXAMPLES / f"{e['name']}.png").read_bytes()).decode()
        said = escape(f"{e['name'].capitalize()}: {e['set']}/{e['file']}, Dice {e['dice']:.3f}")
        out.append(f'<figure><img alt="{said}" src="data:image/png;base64,{png}"><figcaption>{said}</figcaption></figure>')
    if not out:
        return ""
    legend = "Image; with the true outline (blue); with the predicted outline (orange)."
    return f"<h2>Examples of val</h2><p class=faint>{legend}</p>" + "".join(out)


def _origin(folder: Path) -> str:
    doc = runs.read_json(folder / runs.RUN)
    out = ["<h2>Recipe</h2>", table(_flat(runs.read_json(folder / runs.RECIPE)))]
    sessions = doc.pop("sessions", [])
    if doc:
        out += ["<h2>Data and start</h2>", table(_flat(doc))]
    if sessions:
        rows: dict[str, list[Any]] = {}
        for i, s in enumerate(sessions):
            for name, value in _flat(s):
                rows.setdefault(name, [None] * len(sessions))[i] = value
        out += ["<h2>Sessions</h2>", table([(n, *v) for n, v in rows.items()])]
    return "".join(out)


def text(folder: Path) -> str:
    """The page of a run's folder."""
    log, title = runs.read_log(folder), escape(f"Run {folder.resolve().name}")
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>',
        f"<h1>{title}</h1><p>{escape(state(log))} <span class=faint>{_time(log)}</span></p>",
        _notes(log), _curves(log), _metrics(log), _examples(folder), _cases(folder), _origin(folder), "</body></html>\n",
    ]  # fmt: skip
    return "".join(parts)


def write(folder: Path) -> None:
    """Write the page into the folder, atomically."""
    durable.write_text(folder / runs.PAGE, text(folder))
