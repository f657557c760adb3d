"""What is exported computes what PyTorch computes and says what the contract asks."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from echoline_training import contract, export, parity, reference
from echoline_training.network import AttentionUNet

SIDE = 96


@pytest.fixture(scope="module")
def net() -> AttentionUNet:
    """Pretrained encoder, random decoder, and statistics of a few passes so that values have their usual size."""
    torch.manual_seed(0)
    net = AttentionUNet()
    for _ in range(20):
        net(torch.rand(4, 1, SIDE, SIDE))
    return net.eval()


def difference(net: AttentionUNet, model: onnx.ModelProto) -> list[float]:
    """Largest absolute difference of every output over a few images."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    worst = [0.0, 0.0, 0.0]
    for seed in range(3):
        x = torch.rand(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            want = net(x)
        for i, got in enumerate(session.run(["logits", "scale", "present"], {"image": x.numpy()})):
            assert got.shape == tuple(want[i].shape) and got.dtype == np.float32
            worst[i] = max(worst[i], float(np.abs(got - want[i].numpy()).max()))
    return worst


def test_graph_computes_what_torch_computes(net: AttentionUNet) -> None:
    assert max(difference(net, export.graph(net, SIDE, SIDE))) < 1e-4


def test_halved_weights_stay_close_and_halve_the_file(net: AttentionUNet) -> None:
    model = export.graph(net, SIDE, SIDE)
    full = model.ByteSize()
    export.halve_weights(model)
    assert model.ByteSize() < 0.55 * full and model.ByteSize() <= 12e6
    assert max(difference(net, model)) < 0.05


def test_file_keeps_the_contract(net: AttentionUNet, tmp_path: Path) -> None:
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
    map_shape = [1, 1, SIDE, SIDE]
    assert shapes == {"image": map_shape, "logits": map_shape, "scale": map_shape, "present": [1, 1]}


def test_scale_is_positive_and_does_not_shape_the_outline(net: AttentionUNet) -> None:
    logits, scale, present = net(torch.rand(1, 1, SIDE, SIDE))
    assert scale.min() > 0 and present.shape == (1, 1) and logits.shape == scale.shape
    net.zero_grad()
    scale.sum().backward()
    assert net.encoder.stem.weight.grad is None and net.scale[1].weight.grad.abs().sum() > 0


def test_parity_fixtures_hold_what_the_reference_gives(net: AttentionUNet, tmp_path: Path) -> None:
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
