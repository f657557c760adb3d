"""The network rehearsed before a run: one step, one batch learned by heart, and the export with its parity.

Batches hold image, target and care [n, 1, SIDE, SIDE], guidance [n, 4, SIDE, SIDE], and flags [n].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import onnx
import onnxruntime
import torch

from . import clicks, losses
from .augment import pack
from .data import Sample
from .findings import Finding, listed, refusal
from .network import GUIDANCE, AttentionUNet, ErrorNet, Whole
from .train import Batch

Graph = Callable[[Whole, int, int], onnx.ModelProto]

IMAGES, SIDE, STEPS = 6, 96, 60  # of the batch learned by heart: images, px, at most so many steps
LARGE = 0.03  # share of the image; smaller lesions are few pixels at SIDE
LEARNED = 0.9  # Dice
PARITY = 2e-3  # largest difference between PyTorch and ONNX Runtime, relative to 1 + the value
OUTPUTS = ("logits", "scale", "present", "quality")


def batch(samples: Sequence[Sample], seed: int) -> Batch:
    """A small batch without random changes: lesions large enough to be seen, from all over, every second one guided."""
    lesions = [s for s in samples if s.mask.any()]
    large = [s for s in lesions if s.mask.mean() >= LARGE]
    pool = large if len(large) >= IMAGES else sorted(lesions, key=lambda s: -float(s.mask.mean()))[:IMAGES]
    chosen = [pool[i] for i in np.linspace(0, len(pool) - 1, min(IMAGES, len(pool))).astype(int)]
    packed = pack(chosen, SIDE)
    rng = np.random.default_rng(seed)
    guidance = np.zeros((len(chosen), GUIDANCE, SIDE, SIDE), np.float32)
    for i in range(0, len(chosen), 2):
        truth = packed.masks[i] > 127
        guidance[i] = clicks.simulate(truth, clicks.perturb(truth, rng), rng)

    def plane(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values).float()[:, None] / 255

    return {
        "image": plane(packed.images),
        "target": plane(packed.masks),
        "care": (plane(packed.cares) >= 0.5).float(),
        "guidance": torch.from_numpy(guidance),
        "lesion": torch.ones(len(chosen)),
        "weights": torch.ones(len(chosen)),
        "automatic": (torch.arange(len(chosen)) % 2).float(),
    }


def loss_of(net: AttentionUNet, b: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss on a batch, and the logits."""
    outputs = net(b["image"], b["guidance"])
    return losses.outline(outputs, b["target"], b["care"], b["lesion"], b["weights"], b["automatic"]), outputs[0]


def step(net: AttentionUNet, b: Batch) -> Iterator[Finding]:
    """A forward and backward step: numbers everywhere, and a gradient for every weight."""
    net.train()
    net.zero_grad()
    loss, logits = loss_of(net, b)
    if not torch.isfinite(loss) or not torch.isfinite(logits).all():
        yield refusal(
            "step.loss", "the first step gives no number", "look at the data and the losses", loss=repr(loss.item())
        )
        return
    loss.backward()
    grads = {name: p.grad for name, p in net.named_parameters() if p.requires_grad}
    remedy = "look at the network and the losses"
    missed = [name for name, g in grads.items() if g is None or not g.any()]
    if missed:
        yield refusal("step.gradient", f"no gradient reaches some weights: {listed(missed)}", remedy, weights=missed)
    broken = [name for name, g in grads.items() if g is not None and not g.isfinite().all()]
    if broken:
        yield refusal("step.number", f"the gradient of some weights is no number: {listed(broken)}", remedy, weights=broken)


def dice(logits: torch.Tensor, b: Batch) -> float:
    """Dice of logits with the batch's masks where the truth is known: the mean of automatic images or of guided ones,
    whichever is lower, as guidance gives much away.
    """
    found, truth = (logits > 0) * b["care"], (b["target"] >= 0.5) * b["care"]
    each = 2 * (found * truth).sum((1, 2, 3)) / (found.sum((1, 2, 3)) + truth.sum((1, 2, 3))).clamp(min=1)
    return min(float(each[b["automatic"] == kind].mean()) for kind in b["automatic"].unique())


def overfit(net: AttentionUNet, b: Batch) -> Iterator[Finding]:
    """One batch must be learned by heart: network, losses or data that do not manage that learn nothing."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0)
    net.train()
    for m in net.modules():
        if isinstance(m, torch.nn.Dropout2d):
            m.eval()
    best = 0.0
    for _ in range(STEPS):
        loss, logits = loss_of(net, b)
        best = max(best, dice(logits.detach(), b))
        if best > LEARNED:
            return
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimizer.step()
    yield refusal(
        "overfit",
        f"{len(b['image'])} images are not learned by heart in {STEPS} steps (Dice {best:.2f}, above {LEARNED} needed)",
        "look whether masks belong to their images, then at the network and the losses",
        dice=best, steps=STEPS, images=len(b["image"]),
    )  # fmt: skip


def parity(net: AttentionUNet, b: Batch, export: Graph) -> Iterator[Finding]:
    """The exported graph gives in ONNX Runtime what the network gives here, with guidance and without."""
    whole = Whole(net, ErrorNet(), 1.3).eval()
    session = onnxruntime.InferenceSession(export(whole, SIDE, SIDE).SerializeToString(), providers=["CPUExecutionProvider"])
    worst = dict.fromkeys(OUTPUTS, 0.0)
    for i in range(min(2, len(b["image"]))):
        image, guidance = b["image"][i : i + 1], b["guidance"][i : i + 1]
        with torch.inference_mode():
            ours = whole(image, guidance)
        theirs = session.run(list(OUTPUTS), {"image": image.numpy(), "guidance": guidance.numpy()})
        for name, x, y in zip(OUTPUTS, ours, theirs, strict=True):
            apart = np.abs(x.numpy() - y) / (1 + np.abs(x.numpy()))
            worst[name] = max(worst[name], float(apart.max()) if np.isfinite(apart).all() else float("inf"))
    bad = {name: value for name, value in worst.items() if value > PARITY}
    if bad:
        told = ", ".join(f"{name} by {value:.2g}" for name, value in bad.items())
        yield refusal(
            "export.parity", f"ONNX Runtime differs from PyTorch: {told}", "look at export.py and the network", apart=bad
        )
