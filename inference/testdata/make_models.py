"""Make the small ONNX models that tests of package inference/ort run.

usage: python make_models.py        (needs the package onnx; writes beside itself; the same bytes each time)

contract.onnx   keeps the whole contract: 64x48 input, bright is lesion, scale grows with x, present where anything is bright
guided.onnx     the same with guidance: clicks outweigh the picture, mask and stroke add to it, the scale shows every channel (its units are 1 and the
                coverage by the mask so far, its tens positive, hundreds negative, thousands stroke), present where anything
                is bright, quality grows with the mean
wordless.onnx   breaks the contract: takes guidance, which the metadata do not mention
deaf.onnx       breaks the contract: the metadata mention guidance, which the graph does not take
plain.onnx      logits alone, three channels, open size, no metadata
fixed.onnx      logits alone under another name, one channel, fixed size 40x32, no metadata
halved.onnx     breaks the contract: logits of half the input's size
mute.onnx       breaks the contract: no output is called logits
nameless.onnx   breaks the contract: the metadata lack the threshold
rank.onnx       breaks the contract: the input has three dimensions
undefined.onnx  gives logits that are no numbers
endless.onnx    runs for minutes unless it is stopped
"""
import json
import os

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

HERE = os.path.dirname(os.path.abspath(__file__))
F, I, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
W, H = 64, 48

CONTRACT = {
    "contract": 1, "name": "test-bright", "version": "0.0.1", "input": {"width": W, "height": H}, "resize": "letterbox",
    "labels": [{"value": 1, "name": "lesion",
                "category": {"value": "49755003", "scheme": "SCT", "meaning": "Morphologically Altered Structure"},
                "type": {"value": "4147007", "scheme": "SCT", "meaning": "Mass"},
                "region": {"value": "76752008", "scheme": "SCT", "meaning": "Breast"}}],
    "threshold": 0.5, "temperature": 2.0, "present_threshold": 0.5, "calibrated": True, "expected_factor": 1.1,
    "band": {"50": 0.7, "80": 1.6, "90": 2.3, "95": 3.0}, "data": [], "metrics": {},
}


GUIDANCE = {"channels": ["mask", "positive", "negative", "stroke"], "disk_radius": 4.0, "stroke_radius": 1.5}


def value(name, shape, kind=F):
    return helper.make_tensor_value_info(name, kind, shape)


def const(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def write(name, nodes, inputs, outputs, consts, contract=None):
    graph = helper.make_graph(nodes, name, inputs, outputs, consts)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="echoline tests")
    if contract is not None:
        helper.set_model_props(model, {"echoline": json.dumps(contract)})
    checker.check_model(model)
    save(model, os.path.join(HERE, name + ".onnx"))


def bright(source="image", out="logits"):
    """Logits that cross 0 where the picture crosses 0.5."""
    return [helper.make_node("Sub", [source, "half"], ["above"]), helper.make_node("Mul", ["above", "gain"], [out])]


BRIGHT = [const("half", np.float32(0.5)), const("gain", np.float32(20))]


def contract():
    ramp = np.broadcast_to(1 + np.arange(W, dtype=np.float32) / 8, (1, 1, H, W)).copy()
    nodes = bright() + [
        helper.make_node("ReduceMax", ["above"], ["brightest"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["brightest", "gain"], ["present"]),
        helper.make_node("Mul", ["image", "none"], ["nothing"]),
        helper.make_node("Add", ["nothing", "ramp"], ["scale"]),
    ]
    write("contract", nodes, [value("image", [1, 1, H, W])],
          [value("logits", [1, 1, H, W]), value("scale", [1, 1, H, W]), value("present", [1, 1])],
          BRIGHT + [const("ramp", ramp), const("none", np.float32(0))], CONTRACT)


def guided():
    weights = {"clicks": [2, 40, -40, 5], "digits": [1, 10, 100, 1000]}
    nodes = [helper.make_node("Conv", ["guidance", name], ["by_" + name]) for name in weights] + bright(out="unguided") + [
        helper.make_node("Add", ["unguided", "by_clicks"], ["logits"]),
        helper.make_node("Add", ["by_digits", "one"], ["scale"]),
        helper.make_node("ReduceMax", ["above"], ["brightest"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["brightest", "gain"], ["present"]),
        helper.make_node("ReduceMean", ["image"], ["light"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["light", "gain"], ["quality"]),
    ]
    write("guided", nodes, [value("image", [1, 1, H, W]), value("guidance", [1, 4, H, W])],
          [value("logits", [1, 1, H, W]), value("scale", [1, 1, H, W]), value("present", [1, 1]), value("quality", [1, 1])],
          BRIGHT + [const("one", np.float32(1))] + [const(n, np.float32(w).reshape(1, 4, 1, 1)) for n, w in weights.items()],
          {**CONTRACT, "name": "test-guided", "guidance": GUIDANCE})


def wordless():
    nodes = [helper.make_node("ReduceMean", ["guidance"], ["hints"], axes=[1], keepdims=1),
             helper.make_node("Add", ["image", "hints"], ["sum"])] + bright("sum")
    write("wordless", nodes, [value("image", [1, 1, H, W]), value("guidance", [1, 4, H, W])], [value("logits", [1, 1, H, W])], BRIGHT)


def deaf():
    write("deaf", bright(), [value("image", [1, 1, H, W])], [value("logits", [1, 1, H, W])], BRIGHT,
          {**CONTRACT, "calibrated": False, "guidance": GUIDANCE})


def plain():
    nodes = [helper.make_node("ReduceMean", ["picture"], ["grey"], axes=[1], keepdims=1)] + bright("grey")
    write("plain", nodes, [value("picture", ["n", 3, "h", "w"])], [value("logits", ["n", 1, "h", "w"])], BRIGHT)


def fixed():
    write("fixed", bright(out="mask"), [value("image", [1, 1, 32, 40])], [value("mask", [1, 1, 32, 40])], BRIGHT)


def halved():
    nodes = bright(out="full") + [helper.make_node("AveragePool", ["full"], ["logits"], kernel_shape=[2, 2], strides=[2, 2])]
    write("halved", nodes, [value("image", [1, 1, H, W])], [value("logits", [1, 1, H // 2, W // 2])], BRIGHT, CONTRACT)


def mute():
    nodes = bright(out="first") + [helper.make_node("Neg", ["first"], ["second"])]
    write("mute", nodes, [value("image", [1, 1, H, W])], [value("first", [1, 1, H, W]), value("second", [1, 1, H, W])], BRIGHT)


def nameless():
    lacking = {k: v for k, v in CONTRACT.items() if k != "threshold"}
    write("nameless", bright(), [value("image", [1, 1, H, W])], [value("logits", [1, 1, H, W])], BRIGHT, lacking)


def rank():
    write("rank", bright(), [value("image", [1, H, W])], [value("logits", [1, H, W])], BRIGHT)


def undefined():
    nodes = [helper.make_node("Sub", ["image", "two"], ["negative"]), helper.make_node("Log", ["negative"], ["logits"])]
    write("undefined", nodes, [value("image", [1, 1, H, W])], [value("logits", [1, 1, H, W])], [const("two", np.float32(2))])


def endless():
    body = helper.make_graph(
        [helper.make_node("Sin", ["x"], ["y"]), helper.make_node("Identity", ["more"], ["again"])], "body",
        [value("i", [], I), value("more", [], B), value("x", [1, 1, H, W])], [value("again", [], B), value("y", [1, 1, H, W])])
    nodes = [helper.make_node("Loop", ["rounds", "go", "image"], ["logits"], body=body)]
    write("endless", nodes, [value("image", [1, 1, H, W])], [value("logits", [1, 1, H, W])],
          [const("rounds", np.int64(100_000_000)), const("go", np.bool_(True))])


if __name__ == "__main__":
    for make in (contract, guided, wordless, deaf, plain, fixed, halved, mute, nameless, rank, undefined, endless):
        make()
