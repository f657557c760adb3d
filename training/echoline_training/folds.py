"""Networks that judge what they have not seen: folds over the training images, and their out-of-fold predictions."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from .augment import Packed
from .data import Sample
from .network import AttentionUNet

BATCH = 16


def fold_of(samples: Sequence[Sample], folds: int) -> np.ndarray:
    """The fold [n] of each sample; a group lies in one fold, and folds hold about as many images of each kind."""
    count = {(s.row.set, s.row.kind): np.zeros(folds) for s in samples}
    groups: dict[tuple[str, str], list[int]] = {}
    for i, s in enumerate(samples):
        groups.setdefault((s.row.set, s.row.group), []).append(i)
    out = np.zeros(len(samples), int)
    # The largest groups first, then in an order that no name decides.
    for key in sorted(groups, key=lambda k: (-len(groups[k]), zlib.crc32("/".join(k).encode()))):
        members = groups[key]
        row = samples[members[0]].row
        totals = count[(row.set, row.kind)]
        at = int(np.argmin(totals))
        totals[at] += len(members)
        out[members] = at
    return out


def load_network(weights: Path) -> AttentionUNet:
    """An outline network in evaluation mode from averaged weights (`ema.pt`)."""
    net = AttentionUNet(pretrained=False)
    net.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
    return net.eval().to(memory_format=torch.channels_last)


def run(net: AttentionUNet, images: np.ndarray, mirror: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Looks, logits float16 [n, 2, side, side], and presence logits [n] of packed images; mirror shows them mirrored."""
    looks, present = [], []
    with torch.inference_mode():
        for at in range(0, len(images), BATCH):
            part = images[at : at + BATCH, :, ::-1] if mirror else images[at : at + BATCH]
            x = torch.from_numpy(np.ascontiguousarray(part)).float()[:, None] / 255
            x = x.contiguous(memory_format=torch.channels_last)
            _, y, p = net.looks(x)
            y = y.flip(3) if mirror else y
            looks.append(y.half().numpy())
            present.append(p[:, 0].numpy())
    return np.concatenate(looks), np.concatenate(present)


def outlined(looks: np.ndarray) -> np.ndarray:
    """The logits float32 [n, side, side] of looks [n, 2, side, side]: what both say on average."""
    return np.asarray(looks.mean(1, dtype=np.float32))


def pick(packed: Packed, chosen: np.ndarray) -> Packed:
    """Some of the samples."""
    return Packed(packed.images[chosen], packed.masks[chosen], packed.cares[chosen], packed.weights[chosen])
