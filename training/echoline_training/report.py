"""An evaluation as a page of Markdown: first what was to be reached, then every figure by set, class, size and device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .contract import LEVELS

NAMES = {"busi": "BUSI", "busbra": "BUS-BRA", "all": "all"}

ROWS = (
    ("Images (groups)", "images"),
    ("Lesion images", "lesion_images"),
    ("Dice, mean", "dice"),
    ("Dice, median", "dice_median"),
    ("IoU, mean", "iou"),
    ("HD95, native px", "hd95_native_px"),
    ("HD95, px at 256 letterbox", "hd95_256_px"),
    ("Average surface distance, native px", "asd_native_px"),
    ("Average surface distance, px at 256 letterbox", "asd_256_px"),
    ("Surface Dice (NSD) at 2 native px", "nsd_2_px"),
    ("Surface Dice (NSD) at 3 native px", "nsd_3_px"),
    ("Surface Dice (NSD) at 2 px of the 256 letterbox", "nsd_2_256"),
    ("Surface Dice (NSD) at 3 px of the 256 letterbox", "nsd_3_256"),
    ("Lesion recall", "lesion_recall"),
    ("Normal images", "normal_images"),
    ("… of which not left empty (false positives)", "normal_false_positives"),
    ("False positive rate", "false_positive_rate"),
    ("Calibration error (ECE) within 10 px (256) of the outline", "ece_boundary"),
    ("Calibration error (ECE), whole image", "ece_image"),
    ("Mean point error, native px", "mean_error_px"),
    ("Mean expected error, native px", "mean_expected_error_px"),
    ("Mean radius of the 90 % band, native px", "mean_r90_px"),
    ("… of one constant radius of equal coverage", "r90_constant_px"),
    ("… over it", "r90_over_constant"),
    ("Points off by > 5 % of the lesion's diameter", "wrong_points"),
    ("AUROC of expected error for these", "auroc"),
    ("Spearman, expected error and point error", "spearman"),
    ("Expected Dice, mean absolute error", "expected_dice_error"),
    ("Expected Dice, Spearman with Dice", "expected_dice_spearman"),
    ("Expected Dice, AUROC for Dice < 0.7", "expected_dice_auroc"),
)

BASELINES = {
    "gradient": "1 / gradient of the probability",
    "doubt": "1 − \\|2p − 1\\| around the point",
    "tta_probability": "test-time augmentation, spread of p",
    "tta_boundary": "test-time augmentation, spread of the outline",
    "dropout_probability": "Monte-Carlo dropout, spread of p",
    "dropout_boundary": "Monte-Carlo dropout, spread of the outline",
}


def number(v: Any) -> float | None:
    """The value of a figure, with or without its interval."""
    v = v["value"] if isinstance(v, Mapping) and "value" in v else v
    return v if isinstance(v, int | float) else None


def cell(v: Any) -> str:
    """A figure as text, with its interval where it has one."""
    if isinstance(v, Mapping):
        if v.get("value") is None:
            return "–"
        known = v.get("low") is not None and v.get("high") is not None
        return f"{v['value']:.3g} ({v['low']:.3g} to {v['high']:.3g})" if known else f"{v['value']:.3g}"
    if isinstance(v, float):
        return f"{v:.4g}"
    return "–" if v is None else str(v)


def grid(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """All figures, one column per set; rows that no set has are left out."""
    lines = []
    for title, key in ROWS:
        if any(r.get(key) is not None for r in results.values()):
            lines.append([title, *(images(r) if key == "images" else cell(r.get(key)) for r in results.values())])
    for q in LEVELS:
        values = [r.get("coverage", {}).get(q) for r in results.values()]
        if any(v is not None for v in values):
            lines.append([f"Coverage of the {q} % band", *map(cell, values)])
    return grid(["", *(NAMES.get(s, s) for s in results)], lines)


def images(r: Mapping[str, Any]) -> str:
    """How many images, of how many groups."""
    return f"{r['images']} ({r['groups']})" if "groups" in r else cell(r.get("images"))


def baselines(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Per set the model's AUROC beside those of the baselines, and how far it is ahead."""
    lines = []
    for name, r in results.items():
        if "baselines" not in r:
            continue
        lines.append([NAMES.get(name, name), "**this model**", cell(r["auroc"]), "", cell(r["spearman"]), "", "", ""])
        for key, b in r["baselines"].items():
            p = b.get("wilcoxon_holm_p")
            gains = [cell(b["auroc"]), cell(b["auroc_gain"]), cell(b["spearman"]), cell(b["spearman_gain"])]
            lines.append(["", BASELINES.get(key, key), *gains, cell(p), cell(b.get("r90_over"))])
    heads = ["AUROC", "model ahead by", "Spearman", "model ahead by", "p (Wilcoxon, Holm)", "model's r90 over its r90"]
    return grid(["set", "score", *heads], lines)


def parts(breakdown: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """One table of the breakdown of a set."""
    keys = ("dice", "iou", "hd95_256_px", "nsd_3_256", "lesion_recall", "false_positive_rate", "coverage_90", "auroc")
    heads = ["Dice", "IoU", "HD95 (256)", "NSD 3 px (256)", "recall", "false positives", "90 % band covers", "AUROC"]
    lines = [
        [kind, part, images(r), *(cell(r.get(k)) for k in keys)]
        for kind, found in breakdown.items()
        for part, r in found.items()
    ]
    return grid(["by", "", "images", *heads], lines)


def gestures(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Gestures to each target per set."""
    lines = []
    for name, r in results.items():
        for key in (k for k in r if k.startswith("to_")):
            found, counts = r[key], r[key]["distribution"]
            several = " ".join(f"{k}:{n}" for k, n in enumerate(counts) if n)
            line = [cell(found["mean"]), f"{found['median']:g}", cell(found["reached"]), several]
            lines.append([NAMES.get(name, name), key.removeprefix("to_"), *line])
    return grid(["set", "Dice", "mean", "median", "share reached", "count:images"], lines)


@dataclass(frozen=True)
class Goal:
    """A figure to reach: what it is, where it stands in the result, the least that is asked, what is hoped for."""

    title: str
    find: Callable[[Mapping[str, Any]], Any]
    must: float
    aim: float
    lower: bool = False  # better

    def line(self, result: Mapping[str, Any]) -> list[str]:
        """One row of the table of goals."""
        try:
            found = self.find(result)
        except KeyError:
            found = None
        v = number(found)
        sign = -1 if self.lower else 1
        said = "not measured" if v is None else "below" if sign * v < sign * self.must else "reached"
        if v is not None and sign * v >= sign * self.aim:
            said = "aim reached"
        return [self.title, f"{self.must:g}", f"{self.aim:g}", cell(found), said]


def _worst_coverage(r: Mapping[str, Any]) -> float | None:
    """The largest distance of a band's coverage from its nominal one, in points, over all sets apart."""
    sets = [s for name, s in r["sets"].items() if name != "all" and "coverage" in s]
    gaps = [abs(100 * (number(s["coverage"][q]) or 0) - int(q)) for s in sets for q in LEVELS]
    return round(max(gaps), 2) if gaps else None


def _all(r: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figures over all sets, or those of the only one."""
    sets = r["sets"]
    found: Mapping[str, Any] = sets["all"] if "all" in sets else next(iter(sets.values()))
    return found


def _clicks(r: Mapping[str, Any]) -> Any:
    sets = r["clicks"]
    return (sets["all"] if "all" in sets else next(iter(sets.values())))["to_0.90"]["mean"]


GOALS = (
    Goal("Dice, BUSI", lambda r: r["sets"]["busi"]["dice"], 0.79, 0.85),
    Goal("Dice, BUS-BRA", lambda r: r["sets"]["busbra"]["dice"], 0.90, 0.92),
    Goal("Lesion recall", lambda r: _all(r)["lesion_recall"], 0.95, 0.95),
    Goal("False positives on normal images", lambda r: r["sets"]["busi"]["false_positive_rate"], 0.15, 0.05, True),
    Goal("Coverage, worst of all bands and sets, points off", _worst_coverage, 4, 2, True),
    Goal("Mean r90 over one constant radius", lambda r: _all(r)["r90_over_constant"], 0.70, 0.5, True),
    Goal("Mean r90 over 1 / gradient", lambda r: _all(r)["baselines"]["gradient"]["r90_over"], 0.9, 0.75, True),
    Goal("AUROC of expected error", lambda r: _all(r)["auroc"], 0.82, 0.88),
    Goal("… above 1 / gradient", lambda r: _all(r)["baselines"]["gradient"]["auroc_gain"], 0.03, 0.06),
    Goal("Clicks to Dice 0.90, mean", _clicks, 3, 1.5, True),
    Goal("One pass, ms", lambda r: r["latency_ms"]["median"], 60, 30, True),
)


def crossing(results: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Models trained on one set, tested on all."""
    lines = []
    for trained, tests in results.items():
        for tested, r in tests.items():
            keys = ("dice", "dice_gain", "hd95_256_px", "lesion_recall", "false_positive_rate")
            lines.append([NAMES.get(trained, trained), NAMES.get(tested, tested), *(cell(r.get(k)) for k in keys)])
    heads = ["trained on", "tested on", "Dice", "against the set's own model", "HD95 (256)", "recall", "false positives"]
    return grid(heads, lines)


def text(result: Mapping[str, Any], crossed: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None) -> str:
    """The page for what `evaluate.run` gave, and `evaluate.cross`."""
    m = result["model"]
    out = [
        f"# {m['name']} {m['version']} on `{result['split']}`",
        f"{m['megabytes']:g} MB, input {m['input']['width']}x{m['input']['height']}, SHA-256 `{m['sha256']}`. In brackets "
        f"95 % intervals: BCa bootstrap, {result['resamples']} resamples of whole groups (patients, near-duplicates). Means "
        "are per image; HD95 and surface distance are over outlined lesions, a missed lesion counts as Dice 0. Points are "
        "those of predicted contours, pooled. Intervals over few groups say little.",
        "## To reach",
        grid(["figure", "must", "aim", "measured", ""], [g.line(result) for g in GOALS]),
        "## Figures",
        table(result["sets"]),
        "## Where the outline is wrong: against scores that need no training",
        "All on the same outlines, at the same points. The band of a score is scaled to cover as much as the model's.",
        baselines(result["sets"]),
    ]
    for name, title in (("clicks", "Clicks to a target"), ("strokes", "Strokes to a target")):
        if name in result:
            out += [f"## {title}, from the automatic mask", gestures(result[name])]
    cuts = result["size_terciles"]
    out += ["## By class, size and device", f"Size: {cuts['of']}, cut at {cuts['cuts'][0]:g} and {cuts['cuts'][1]:g}."]
    for name, found in result["breakdown"].items():
        out += [f"### {NAMES.get(name, name)}", parts(found)]
    if crossed:
        out += ["## Trained on one set, tested on the other", crossing(crossed)]
    return "\n\n".join(out) + "\n"
