"""What is exported computes what PyTorch computes and says what the contract asks."""

import copy
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from echoline_training import clicks, contract, export, parity, reference
from echoline_training.network import AttentionUNet, ErrorNet, Resemblance, Whole

SIDE = 96


def settled() -> Whole:
    """Pretrained encoder, the rest random, with statistics of a few passes so that values have their usual size."""
    torch.manual_seed(0)
    likeness = Resemblance(2)
    likeness.logs.copy_(torch.tensor([0.2, -0.1]))
    whole = Whole(AttentionUNet(), ErrorNet(), 1.3, likeness)
    for _ in range(20):
        whole(torch.rand(4, 1, SIDE, SIDE), torch.rand(4, 4, SIDE, SIDE))
    return whole.eval()


@pytest.fixture(scope="module")
def net() -> Whole:
    """A network with weights that are not all zero."""
    return settled()


def difference(net: Whole, model: onnx.ModelProto) -> list[float]:
    """Largest difference of every output over a few images, relative to what lies beyond 1."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    worst = [0.0] * len(export.OUTPUTS)
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        x, g = torch.rand(1, 1, SIDE, SIDE, generator=generator), torch.rand(1, 4, SIDE, SIDE, generator=generator)
        with torch.no_grad():
            want = net(x, g)
        for i, got in enumerate(session.run(list(export.OUTPUTS), {"image": x.numpy(), "guidance": g.numpy()})):
            assert got.shape == tuple(want[i].shape) and got.dtype == np.float32
            off = np.abs(got - want[i].numpy()) / np.maximum(1, np.abs(want[i].numpy()))
            worst[i] = max(worst[i], float(off.max()))
    return worst


def test_graph_computes_what_torch_computes(net: Whole) -> None:
    assert max(difference(net, export.graph(net, SIDE, SIDE))) < 1e-4


def test_halved_weights_stay_close_and_halve_the_file(net: Whole) -> None:
    model = export.graph(net, SIDE, SIDE)
    full = model.ByteSize()
    export.halve_weights(model)
    assert model.ByteSize() < 0.6 * full and model.ByteSize() <= 16e6
    assert max(difference(net, model)) < 0.05


def test_file_keeps_the_contract(net: Whole, tmp_path: Path) -> None:
    model = export.graph(net, SIDE, SIDE)
    fit = contract.Fit(present_threshold=0.25, calibrated=True, expected_factor=1.5)
    path = tmp_path / "m.onnx"
    export.write(model, contract.document(fit, SIDE, SIDE, "1.2.3", {"dice": 0.5}), path)
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]
    doc = contract.read(path)
    assert (doc["contract"], doc["input"], doc["resize"]) == (1, {"width": SIDE, "height": SIDE}, "letterbox")
    assert contract.fit_of(doc) == fit and set(doc["band"]) == {"50", "80", "90", "95"}
    assert {d["name"] for d in doc["data"]} == {"BUSI", "BUS-BRA"} and all(d["licence"] for d in doc["data"])
    loaded = onnx.load(path)
    values = (*loaded.graph.input, *loaded.graph.output)
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}
    maps, one = [1, 1, SIDE, SIDE], [1, 1]
    guidance = [1, 4, SIDE, SIDE]
    assert shapes == {
        "image": maps, "guidance": guidance, "logits": maps, "scale": maps, "present": one, "quality": one,
    }  # fmt: skip
    assert doc["guidance"] == {
        "channels": ["mask", "positive", "negative", "stroke"],
        "disk_radius": clicks.DISK_RADIUS,
        "stroke_radius": clicks.STROKE_RADIUS,
    }


def test_training_can_begin_from_a_model_file(net: Whole, tmp_path: Path) -> None:
    trained = copy.deepcopy(net)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():  # as after training no two tensors are alike
        for value in trained.state_dict().values():
            if value.is_floating_point():
                value += 1e-3 * torch.rand(value.shape, generator=generator)
    model = export.graph(trained, SIDE, SIDE)
    export.halve_weights(model)
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    again = AttentionUNet(pretrained=False)
    again.load_state_dict(export.weights(path))
    x, none = torch.rand(1, 1, SIDE, SIDE), torch.zeros(1, 4, SIDE, SIDE)
    clicked = none.clone()
    clicked[0, 1, 40:48, 40:48] = 1
    with torch.no_grad():
        for guidance in (none, clicked):
            want = trained(x, guidance)[0]
            assert (again.eval()(x, guidance)[0] - want).abs().max() < 0.02 * want.abs().max()


def test_other_files_do_not_begin_a_training(net: Whole, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    onnx.save(export.graph(net, SIDE, SIDE), path)
    with pytest.raises(ValueError, match="does not hold the outline network"):
        model = onnx.load(path)
        del model.graph.initializer[:]
        onnx.save(model, path)
        export.weights(path)


def test_empty_guidance_is_the_plain_network(net: Whole) -> None:
    x, none = torch.rand(2, 1, SIDE, SIDE), torch.zeros(2, 4, SIDE, SIDE)
    asked = none.clone()
    asked[1, 2, 30, 30] = 1
    with torch.no_grad():
        plain = net.outline.looks(x)[1].mean(1, keepdim=True)
        assert torch.equal(net(x, none)[0], plain)
        logits = net(x, asked)[0]
    assert torch.equal(logits[0], plain[0]) and not torch.equal(logits[1], plain[1])


def test_outputs_keep_their_ranges(net: Whole) -> None:
    logits, scale, present, quality = net(torch.rand(1, 1, SIDE, SIDE), torch.zeros(1, 4, SIDE, SIDE))
    assert scale.min() > 0 and logits.shape == scale.shape and present.shape == quality.shape == (1, 1)


def test_parity_fixtures_hold_what_the_reference_gives(net: Whole, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    export.write(export.graph(net, SIDE, SIDE), contract.document(contract.Fit(), SIDE, SIDE, "0", {}), path)
    parity.write(path, tmp_path / "parity")
    network, height, width, _ = reference.open_onnx(path)
    for w, h in parity.SIZES:
        name = f"synthetic-{w}x{h}"
        image = reference.read_grey(tmp_path / "parity" / f"{name}.png")
        assert image.shape == (h, w)
        got = np.fromfile(tmp_path / "parity" / f"{name}.logits.bin", "<f4").reshape(SIDE // 2, SIDE // 2)
        assert np.array_equal(got, reference.raw(network, image, height, width).input_logits[::2, ::2])
    index = json.loads((tmp_path / "parity" / "index.json").read_text())
    assert len(index["guided"]) == parity.GUIDED
    for case in index["guided"]:
        automatic = np.fromfile(tmp_path / "parity" / f"{case['image']}.logits.bin", "<f4")
        guided = np.fromfile(tmp_path / "parity" / case["logits"], "<f4")
        assert guided.shape == automatic.shape and not np.array_equal(guided, automatic)
