"""The command line: python -m echoline_training COMMAND, from data to a model file with its card."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__, durable

if TYPE_CHECKING:
    from .data import Sample
    from .pipeline import Pipeline

REPO = Path(__file__).resolve().parents[2]
DATA = REPO.parent / "shared" / "data"
RUN = REPO / "training" / "runs" / "breast"
MODEL = REPO / "assets" / "models" / "echoline-breast.onnx"
CLICKS = "images per set that simulated readers correct by clicks and by strokes (default: all; 0: none)"


def splits_of(args: argparse.Namespace, *names: str) -> dict[str, list[Sample]]:
    """The splits of all chosen sets."""
    from . import data

    return data.load_splits(args.data, names, args.sets)


def pipeline_of(args: argparse.Namespace, splits: dict[str, list[Sample]]) -> Pipeline:
    """The run that the arguments name."""
    from .pipeline import PLANS, Pipeline

    return Pipeline(splits["train"], splits["val"], PLANS[args.plan], args.run, getattr(args, "start", None))


def findings(args: argparse.Namespace, splits: dict[str, list[Sample]]) -> None:
    """Check what a run needs, tell what was found, and refuse to begin where it cannot end well."""
    from . import preflight
    from .pipeline import PLANS

    plan, images = PLANS[args.plan], len(splits["train"])
    found = preflight.check(
        splits, plan.outline, args.run, start=args.start, stages=plan.trainings, lessons=plan.lessons_size(images)
    )
    if getattr(args, "json", False):
        print(preflight.to_json(found))
    else:
        for f in found:
            print(f, file=sys.stderr)
    preflight.refuse(found)


def check(args: argparse.Namespace) -> None:
    """Check data, disk, network and export before a run; refuses with every reason and what to do."""
    findings(args, splits_of(args, "train", "val", "test"))


def train(args: argparse.Namespace) -> None:
    """Check, then train, or go on where a stopped run of the same plan was; SIGTERM stops it after a checkpoint."""
    from . import ranks, stop

    stop.listen(ranks.join().count)
    splits = splits_of(args, "train", "val", "test")
    if ranks.join().main and not args.run.exists():
        findings(args, splits)
    if stop.asked():
        raise stop.StoppedError("stopped when asked, before the first step; start it again to go on")
    pipeline_of(args, splits).run()


def tell(result: dict[str, Any], out: Path | None) -> None:
    """Print an evaluation, and keep it in a folder."""
    from . import report

    told = report.text(result)
    print(told)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        durable.write_text(out / "evaluation.json", json.dumps(result))
        durable.write_text(out / "evaluation.md", told)


def export(args: argparse.Namespace) -> None:
    """Fit thresholds and bands, measure on test, write the ONNX file and its card."""
    from . import card, contract
    from .build import build

    splits = splits_of(args, "train", "val", "test")
    result = build(pipeline_of(args, splits), args.data, args.model, args.clicks, args.sets, args.name)
    durable.write_text(args.model.with_suffix(".md"), card.text(args.model, contract.read(args.model)))
    tell(result, args.run)


def make(args: argparse.Namespace) -> None:
    """Train, or go on, and then export: the whole way from a data set to a model file."""
    from . import ranks

    train(args)
    if ranks.join().main:
        export(args)


def evaluate(args: argparse.Namespace) -> None:
    """Measure an ONNX file on one split, with intervals, baselines and simulated clicks; tell it in Markdown."""
    from . import evaluate as evaluation

    result = evaluation.run(
        args.model, args.data, args.split, weights=args.weights, limit=args.limit,
        clicks=args.clicks, strokes=args.clicks, threads=args.threads,
    )  # fmt: skip
    tell(result, args.out)


def compare(args: argparse.Namespace) -> None:
    """Put runs or evaluations side by side, with paired intervals clustered by group."""
    from . import compare as comparison

    print(comparison.compare(args.runs))


def sheet(args: argparse.Namespace) -> None:
    """Write a picture of training images and how they are changed, with simulated guidance."""
    from . import sheet as contact

    contact.write(splits_of(args, "train")["train"], args.out)


def order(args: argparse.Namespace) -> None:
    """Simulate which cases to have annotated next: those of the lowest expected Dice, or any."""
    from . import order as simulation

    splits = splits_of(args, "train", "val", "test")
    plan = simulation.Plan(seeds=args.seeds)
    print(json.dumps(simulation.run(splits["train"], [*splits["val"], *splits["test"]], args.out, plan), indent=2))


def predict_reference(args: argparse.Namespace) -> None:
    """Write what the reference implementation of the contract makes of images, or the parity fixtures."""
    from . import parity, reference

    if args.parity:
        parity.write(args.model, args.parity)
    if args.images:
        reference.predict(args.model, args.images, args.out)


def parser() -> argparse.ArgumentParser:
    """The arguments of all commands."""
    top = argparse.ArgumentParser(prog="echoline_training", description=__doc__)
    top.add_argument("--version", action="version", version=__version__)
    sub = top.add_subparsers(required=True)

    def command(name: str, run: Callable[[argparse.Namespace], None], *, sets: bool = False) -> argparse.ArgumentParser:
        p = sub.add_parser(name, help=run.__doc__, description=run.__doc__)
        p.set_defaults(run_command=run)
        p.add_argument("--data", type=Path, default=DATA, help="folder that holds busi/ and busbra/ (default: %(default)s)")
        p.add_argument("--threads", type=int, default=2)
        if sets:
            p.add_argument("--sets", nargs="+", default=["busi", "busbra"], help="names below --data, or folders")
        return p

    for name, run in (("check", check), ("train", train), ("export", export), ("make", make)):
        p = command(name, run, sets=True)
        p.add_argument("--run", type=Path, default=RUN, help="folder of the run (default: %(default)s)")
        p.add_argument("--plan", choices=("full", "small"), default="full", help="small only proves that it works")
        if name == "check":
            p.add_argument("--json", action="store_true", help="for programs")
        if name in ("check", "train", "make"):
            p.add_argument("--start", type=Path, help="model file whose outline network is trained on")
        if name in ("export", "make"):
            p.add_argument("--model", type=Path, default=MODEL, help="file to write; the card goes beside it")
            p.add_argument("--clicks", type=int, help=CLICKS)
            p.add_argument("--name", default="echoline-breast", help="what the model is called (default: %(default)s)")

    p = command("evaluate", evaluate)
    p.add_argument("--model", type=Path, default=MODEL)
    p.add_argument("--split", choices=("train", "val", "test"), default="test")
    p.add_argument("--weights", type=Path, help="the run's guidance/ema.pt, for passes with dropout")
    p.add_argument("--limit", type=int, help="at most so many images per set")
    p.add_argument("--clicks", type=int, help=CLICKS)
    p.add_argument("--out", type=Path, help="folder for evaluation.json and evaluation.md")

    p = command("compare", compare)
    p.add_argument("runs", type=Path, nargs="+", help="folders of runs, or evaluation.json files")

    p = command("sheet", sheet, sets=True)
    p.add_argument("--out", type=Path, default=Path("sheet.png"))

    p = command("order", order, sets=True)
    p.add_argument("--out", type=Path, default=Path("order.json"), help="file for what came out, seed by seed")
    p.add_argument("--seeds", type=int, default=10)

    p = command("predict-reference", predict_reference)
    p.add_argument("--model", type=Path, default=MODEL)
    p.add_argument("--out", type=Path, default=Path("reference"), help="folder for the predictions of IMAGES")
    p.add_argument("--parity", type=Path, help="write the synthetic parity fixtures to this folder")
    p.add_argument("images", type=Path, nargs="*", metavar="IMAGE")
    return top


def wait_briefly() -> None:
    """Let threads that wait for each other sleep soon; to be called before PyTorch is loaded.

    They spin for milliseconds, which costs a machine that does other work both: beside one busy process two threads did
    9 images a second, and so 14; alone it made no difference.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def main() -> int:
    """Run one command; 0 done, 1 failed with its reason on stderr, 2 wrong usage."""
    args = parser().parse_args()
    wait_briefly()
    from .train import keep_memory, limit_threads

    limit_threads(args.threads)
    keep_memory()
    try:
        args.run_command(args)
    except (OSError, ValueError) as e:
        print(f"echoline_training: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
