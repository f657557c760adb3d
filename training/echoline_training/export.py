"""A trained network to one self-contained ONNX file that keeps the model contract."""

from __future__ import annotations

import copy
import io
import os
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from . import contract
from .network import GUIDANCE, AttentionUNet, ErrorNet, Whole

OPSET = 17
INPUTS = ("image", "guidance")
OUTPUTS = ("logits", "scale", "present", "quality")
HALVED = 4096  # values; smaller constants stay float32, batch norms among them


def graph(whole: Whole, height: int, width: int) -> onnx.ModelProto:
    """The float32 graph with inputs `image` [1, 1, height, width], `guidance` [1, 4, height, width], and all outputs."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer's notes on Python numbers that are constants here
        torch.onnx.export(
            copy.deepcopy(whole).eval(),
            (torch.zeros(1, 1, height, width), torch.zeros(1, GUIDANCE, height, width)),
            buffer,  # type: ignore[arg-type] # its types forget files, its documentation does not
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            opset_version=OPSET,
            dynamo=False,
            # Batch norms stay apart, under their names: training can begin from a model file (see `weights`), and
            # ONNX Runtime joins them with the convolutions when it opens the file.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    # The exporter leaves some of these open; they are fixed, and who loads the file may rely on them.
    for output in model.graph.output:
        sizes = (1, 1, height, width) if output.name in ("logits", "scale") else (1, 1)
        output.CopyFrom(onnx.helper.make_tensor_value_info(output.name, onnx.TensorProto.FLOAT, sizes))
    return model


def halve_weights(model: onnx.ModelProto) -> None:
    """Store large weights as float16 and cast them back in the graph: half the file, the arithmetic stays float32.

    ONNX Runtime folds the casts when it opens the model, so they cost nothing per image.
    """
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < HALVED:
            continue
        name, half = weight.name, weight.name + ".half"
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), half))
        casts.append(onnx.helper.make_node("Cast", [half], [name], name=name + ".cast", to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def write(model: onnx.ModelProto, doc: dict[str, Any], path: Path) -> None:
    """Check the model, embed the metadata and write the file atomically."""
    contract.embed(model, doc)
    onnx.checker.check_model(model, full_check=True)
    tmp = path.with_suffix(".tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, tmp)
    os.replace(tmp, path)


def weights(path: Path, part: Literal["outline", "error"] = "outline") -> dict[str, torch.Tensor]:
    """The state of one network of a model file that `graph` wrote, for training to go on from."""
    model = onnx.load(path)
    values = {w.name.removesuffix(".half"): numpy_helper.to_array(w) for w in model.graph.initializer}
    found = {
        name.removeprefix(part + "."): torch.from_numpy(value.astype(np.float32))
        for name, value in values.items()
        if name.startswith(part + ".")
    }
    want = {"outline": AttentionUNet(pretrained=False), "error": ErrorNet()}[part].state_dict()
    missing = [name for name in want if name not in found and not name.endswith("num_batches_tracked")]
    if missing:
        raise ValueError(f"{path}: does not hold the {part} network as this version builds it (no {missing[0]})")
    return {name: found.get(name, value) for name, value in want.items()}
