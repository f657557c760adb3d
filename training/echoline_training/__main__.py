"""The command line: python -m echoline_training {train,export,evaluate,predict-reference}."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__

if TYPE_CHECKING:
    from .pipeline import Pipeline

REPO = Path(__file__).resolve().parents[2]
DATA = REPO.parent / "shared" / "data"
RUN = REPO / "training" / "runs" / "breast"
MODEL = REPO / "assets" / "models" / "echoline-breast.onnx"


def pipeline_of(args: argparse.Namespace) -> Pipeline:
    """The run that the arguments name, with its data."""
    from .data import load
    from .pipeline import PLANS, Pipeline
    from .train import limit_threads

    limit_threads(args.threads)
    return Pipeline(load(args.data, "train"), load(args.data, "val"), PLANS[args.plan], args.run)


def train(args: argparse.Namespace) -> None:
    """Train, or go on where a stopped run of the same plan was."""
    pipeline_of(args).run()


def export(args: argparse.Namespace) -> None:
    """Choose the input size, fit thresholds and bands, measure on test, write the ONNX file."""
    from .build import build
    from .data import load

    build(pipeline_of(args), load(args.data, "test"), args.model)


def evaluate(args: argparse.Namespace) -> None:
    """Measure an ONNX file on one split; with --card, write its model card as well."""
    from . import card, contract
    from .build import measure_onnx
    from .data import load

    numbers = measure_onnx(args.model, load(args.data, args.split), args.threads)
    print(json.dumps(numbers, indent=2))
    if args.card:
        args.card.write_text(card.text(args.model, contract.read(args.model)))


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

    def command(name: str, run: object) -> argparse.ArgumentParser:
        p = sub.add_parser(name, help=run.__doc__, description=run.__doc__)
        p.set_defaults(run_command=run)
        p.add_argument("--data", type=Path, default=DATA, help="folder that holds busi/ and busbra/ (default: %(default)s)")
        p.add_argument("--threads", type=int, default=2)
        return p

    for name, run in (("train", train), ("export", export)):
        p = command(name, run)
        p.add_argument("--run", type=Path, default=RUN, help="folder of the run (default: %(default)s)")
        p.add_argument("--plan", choices=("full", "small"), default="full", help="small only proves that it works")
    p.add_argument("--model", type=Path, default=MODEL, help="file to write (default: %(default)s)")

    p = command("evaluate", evaluate)
    p.add_argument("--model", type=Path, default=MODEL)
    p.add_argument("--split", choices=("train", "val", "test"), default="test")
    p.add_argument("--card", type=Path, help="write the model card to this file")

    p = command("predict-reference", predict_reference)
    p.add_argument("--model", type=Path, default=MODEL)
    p.add_argument("--out", type=Path, default=Path("reference"), help="folder for the predictions of IMAGES")
    p.add_argument("--parity", type=Path, help="write the synthetic parity fixtures to this folder")
    p.add_argument("images", type=Path, nargs="*", metavar="IMAGE")
    return top


def main() -> int:
    """Run one command; 0 done, 1 failed with its reason on stderr, 2 wrong usage."""
    args = parser().parse_args()
    try:
        args.run_command(args)
    except (OSError, ValueError) as e:
        print(f"echoline_training: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
