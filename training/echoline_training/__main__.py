"""The command line: python -m echoline_training {train,export,evaluate,predict-reference}."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from . import __version__

REPO = Path(__file__).resolve().parents[2]
DATA = REPO.parent / "shared" / "data"
RUN = REPO / "training" / "runs" / "breast"
MODEL = REPO / "assets" / "models" / "echoline-breast.onnx"


def train(args: argparse.Namespace) -> None:
    """Train, or go on where a stopped run of the same recipe was."""
    from .data import load
    from .train import Recipe, Trainer, limit_threads

    limit_threads(args.threads)
    recipe = Recipe(epochs=args.epochs, batch=args.batch, side=args.side, first_side=args.first_side, seed=args.seed)
    Trainer(load(args.data, "train"), recipe, args.out).run()


def export(args: argparse.Namespace) -> None:
    """Choose the input size and fit on val, measure on test, write the ONNX file."""
    from .build import build
    from .train import limit_threads

    limit_threads(args.threads)
    build(args.run, args.data, args.model, tuple(args.sides))


def evaluate(args: argparse.Namespace) -> None:
    """Measure an ONNX file on one split; with --card, write its model card as well."""
    from . import card, contract
    from .build import measure_onnx

    numbers = measure_onnx(args.model, args.data, args.split, args.threads)
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

    p = command("train", train)
    p.add_argument("--out", type=Path, default=RUN, help="folder of the run (default: %(default)s)")
    p.add_argument("--epochs", type=int, default=9)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--side", type=int, default=192, help="training size, px, of the later half")
    p.add_argument("--first-side", type=int, default=128, help="training size, px, of the first half")
    p.add_argument("--seed", type=int, default=1)

    p = command("export", export)
    p.add_argument("--run", type=Path, default=RUN, help="folder of a run, for its ema.pt (default: %(default)s)")
    p.add_argument("--model", type=Path, default=MODEL, help="file to write (default: %(default)s)")
    p.add_argument("--sides", type=int, nargs="+", default=[192, 224, 256], help="input sizes to choose from on val")

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
