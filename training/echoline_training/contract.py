"""The JSON that an Echoline model carries in its metadata key `echoline`, contract version 1."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx

from . import clicks

KEY = "echoline"
LEVELS = ("50", "80", "90", "95")  # nominal coverages of the band, per cent

LABELS = [
    {
        "value": 1,
        "name": "lesion",
        "category": {"value": "49755003", "scheme": "SCT", "meaning": "Morphologically Altered Structure"},
        "type": {"value": "4147007", "scheme": "SCT", "meaning": "Mass"},
        "region": {"value": "76752008", "scheme": "SCT", "meaning": "Breast"},
    }
]

DATA = {  # by set
    "busi": {
        "name": "BUSI",
        "licence": "CC BY 4.0",
        "citation": "Al-Dhabyani W, Gomaa M, Khaled H, Fahmy A. Dataset of breast ultrasound images. "
        "Data in Brief 28:104863, 2020.",
        "url": "https://doi.org/10.1016/j.dib.2019.104863",
    },
    "busbra": {
        "name": "BUS-BRA",
        "licence": "Permissive, with the article to be cited",
        "citation": "Gómez-Flores W, Gregorio-Calas MJ, Pereira WCA. BUS-BRA: A Breast Ultrasound Dataset for Assessing "
        "Computer-aided Diagnosis Systems. Medical Physics 51(4):3110-3123, 2024.",
        "url": "https://doi.org/10.1002/mp.16812",
    },
}
NAME = "echoline-breast"


def sources(sets: Iterable[str]) -> list[dict[str, str]]:
    """What a model tells of the sets that it learned from, by names or paths; of others than those above only the name."""
    names = [Path(name).name for name in sets]
    unknown = {"licence": "", "citation": "", "url": ""}
    return [DATA.get(name, {"name": name, **unknown}) for name in names]


@dataclass(frozen=True)
class Fit:
    """What is fitted on `val`: how outputs become a mask, an expected error and bands."""

    threshold: float = 0.5  # on the probability, after temperature
    temperature: float = 1.0
    present_threshold: float = 0.5
    calibrated: bool = False
    expected_factor: float = 1.0  # expected error = factor * b
    band: dict[str, float] = field(default_factory=lambda: {"50": 0.693147, "80": 1.609438, "90": 2.302585, "95": 2.995732})


def document(
    fit: Fit,
    height: int,
    width: int,
    version: str,
    metrics: dict[str, Any],
    name: str = NAME,
    sets: Iterable[str] = tuple(DATA),
) -> dict[str, Any]:
    """The whole metadata of a model whose input has height x width pixels, and that learned from sets."""
    return {
        "contract": 1,
        "name": name,
        "version": version,
        "input": {"width": width, "height": height},
        "resize": "letterbox",
        "guidance": {
            "channels": list(clicks.CHANNELS),
            "disk_radius": clicks.DISK_RADIUS,
            "stroke_radius": clicks.STROKE_RADIUS,
        },
        "labels": LABELS,
        "threshold": fit.threshold,
        "temperature": fit.temperature,
        "present_threshold": fit.present_threshold,
        "calibrated": fit.calibrated,
        "expected_factor": fit.expected_factor,
        "band": fit.band,
        "data": sources(sets),
        "metrics": metrics,
    }


def embed(model: onnx.ModelProto, doc: dict[str, Any]) -> None:
    """Put the metadata into a model, in place of what was there."""
    kept = [(p.key, p.value) for p in model.metadata_props if p.key != KEY]
    del model.metadata_props[:]
    for key, value in [*kept, (KEY, json.dumps(doc, ensure_ascii=False))]:
        model.metadata_props.add(key=key, value=value)


def read(path: Path) -> dict[str, Any]:
    """The metadata of a model file."""
    for p in onnx.load(path, load_external_data=False).metadata_props:
        if p.key == KEY:
            return json.loads(p.value)
    raise ValueError(f"{path}: no metadata key {KEY!r}; this is no Echoline model")


def fit_of(doc: dict[str, Any]) -> Fit:
    """The fitted values of a metadata document."""
    names = ("threshold", "temperature", "present_threshold", "calibrated", "expected_factor", "band")
    return Fit(**{n: doc[n] for n in names})
