"""PyTorch's operations in small models, a family each: what the models of models.py don't use, and the ways to call it.

    python test/torch/operations.py OUT     writes a trace of each family into OUT
"""

import os
import sys

import torch
from torch import nn
from torch.nn import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "src", "import", "torch")]

import models  # noqa: E402
from espalier_tracer import Input, trace  # noqa: E402


class Convolutions(nn.Module):
    """Padding of every kind, dilation, groups, depth multipliers, transposed convolutions."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding="same")
        self.dilated = nn.Conv2d(8, 12, 3, padding=2, dilation=2, stride=2)
        self.grouped = nn.Conv2d(12, 8, (1, 3), padding=(0, 1), groups=4, bias=False)
        self.multiplied = nn.Conv2d(8, 16, 3, padding=1, groups=8)
        self.up = nn.ConvTranspose2d(16, 6, 4, stride=2, padding=1)
        self.odd = nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1, bias=False)
        self.prelu = nn.PReLU(6)
        self.last = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        x = self.grouped(F.relu(self.dilated(self.first(x))))
        x = self.odd(self.prelu(self.up(F.leaky_relu(self.multiplied(x), 0.1))))
        return self.last(x)


class Pooling(nn.Module):
    """Windows that reach over the border, adaptive pooling, resizing, shuffles of pixels, borders."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 1)
        self.second = nn.Conv2d(8, 8, 1)
        self.last = nn.Conv2d(8, 4, 1)
        self.shuffled = nn.Conv2d(2, 3, 1)

    def forward(self, x):
        x = self.first(x)
        a = F.max_pool2d(x, 3, 2, ceil_mode=True)
        b = F.max_pool2d(F.pad(x, (0, 1, 1, 0)), 3, 2, padding=1)
        c = F.avg_pool2d(x, 3, 2, padding=1)
        d = F.avg_pool2d(x, 3, 2, padding=1, count_include_pad=False)
        e = F.avg_pool2d(x, 2, ceil_mode=True)
        f = F.adaptive_avg_pool2d(F.pad(x, (1, 1, 1, 1), value=0.5), 6)
        g = F.interpolate(self.second(x), size=(6, 7), mode="bilinear", align_corners=False)
        h = F.interpolate(x, size=(5, 5), mode="bilinear", align_corners=True)
        i = F.interpolate(x, scale_factor=2, mode="nearest")
        same = a + b[:, :, :5, :5] + c + d + e + f[:, :, :5, :5] + g[:, :, :5, :5] + h + i[:, :, ::4, ::4]
        return {"image": self.last(same), "pixels": self.shuffled(F.pixel_shuffle(self.second(x), 2))}


class Activations(nn.Module):
    """Functions of one element, of two, and of all along an axis."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 16)
        self.second = nn.Linear(16, 16)
        self.last = nn.Linear(16, 5)

    def forward(self, x):
        x = self.first(x)
        y = self.second(F.relu6(x) + F.hardtanh(x, -0.5, 2.0) - F.elu(x) + F.selu(x) * F.softplus(x))
        x = F.silu(y) + F.mish(x) + F.hardswish(y) / (1 + F.hardsigmoid(x)) + F.gelu(x, approximate="tanh")
        x = x + torch.sigmoid(y) * torch.tanh(y) + torch.sqrt(torch.abs(x) + 0.25) + torch.clamp(y, min=-1)
        x = torch.add(x, y, alpha=0.5) + torch.sub(2 * x, y, alpha=0.25) + (1 - x) + (-y) ** 2 + torch.exp(-torch.abs(x))
        x = torch.maximum(x, y) + torch.minimum(x, 0.5 * y) + torch.where(x > y, x, 0.1 * y) + torch.erf(x) + x.square()
        x = x.masked_fill(y < -2.0, 0.5) * torch.rsqrt(1 + y * y) + torch.log1p(y.abs()) + torch.sin(x) + torch.cos(y)
        return F.log_softmax(self.last(x), dim=1), torch.softmax(self.last(F.dropout(x, training=self.training)), -1)


class Shapes(nn.Module):
    """Parts, joints, views, and indices that are constants."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 1)
        self.second = nn.Conv2d(8, 8, 1)
        self.table = nn.Parameter(torch.zeros(9, 8))
        self.dense = nn.Linear(8, 4)
        self.last = nn.Linear(6 * 6 * 8, 3)
        self.register_buffer("places", torch.tensor([3, 1, 4, 1, 5, 0]))
        self.register_buffer("rows", torch.tensor([2, 0, 1]))

    def forward(self, x):
        x = self.first(x)
        a, b = x.chunk(2, 1)
        c, d = torch.split(self.second(x), [3, 5], dim=1)
        x = torch.cat([b, a], 1) + torch.cat([d, c], dim=1)
        x = torch.roll(x, 1, 3) + torch.roll(x, shifts=(-2, 1), dims=(2, 3)) + torch.flip(x, [2])
        s = torch.stack([x[:, :, 0], x[:, :, -1]], dim=1).sum(1)
        u, v, w = self.table[self.places].unsqueeze(0).expand(2, -1, -1).reshape(2, 3, 2, 8).unbind(1)
        e = (u + v + w).mean(0).permute(1, 0).unsqueeze(-1)
        e = F.pad(e, (0, 0, 1, 3))
        x = x + s.unsqueeze(2) + e.transpose(-1, -2) + x.index_select(2, self.places) + x[:, :, self.places]
        mask = torch.zeros(6, 6)
        mask[1:3, 2:] = 1
        mask[-1:, :] = 0.5
        x = x * mask + x.narrow(2, 1, 1) + x.repeat(1, 1, 1, 1)
        rows = x.flatten(2).permute(0, 2, 1).contiguous().view(x.size(0), 6, 6, 8)[:, self.rows].mean((1, 2)).squeeze(1)
        return self.last(x.flatten(1)), self.dense(rows), self.dense(x.amax(dim=(2, 3)) + x.sum(-1)[:, :, 2])


class Normalisation(nn.Module):
    """Layer, group and batch normalisation, with and without their own scales."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.batch = nn.BatchNorm2d(8, eps=1e-3)
        self.plain = nn.BatchNorm2d(8, affine=False)
        self.group = nn.GroupNorm(4, 8)
        self.second = nn.Conv2d(8, 6, 1, bias=False)
        self.layer = nn.LayerNorm([6, 4, 4])
        self.last = nn.Linear(6, 5)
        self.one = nn.BatchNorm1d(5)

    def forward(self, x):
        x = self.group(F.relu(self.plain(self.batch(self.first(x)))))
        x = self.layer(self.second(x)).mean((2, 3))
        return self.one(self.last(F.layer_norm(x, [6])))


class Attention(nn.Module):
    """Attention as PyTorch has it, by hand, and with einsum."""

    def __init__(self):
        super().__init__()
        self.own = nn.MultiheadAttention(16, 4, batch_first=True)
        self.qkv = nn.Linear(16, 48, bias=False)
        self.dense = nn.Linear(16, 16)
        self.bias = nn.Parameter(torch.zeros(1, 4, 6, 6))
        self.last = nn.Linear(16, 3)
        self.register_buffer("causal", torch.ones(6, 6).tril().bool())

    def forward(self, x):
        x = x + self.own(x, x, x, need_weights=False)[0]
        q, k, v = self.qkv(x).reshape(x.size(0), 6, 3, 4, 4).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=self.bias)
        b = F.scaled_dot_product_attention(q, k, v, attn_mask=self.causal, scale=0.3)
        c = torch.einsum("b h i d, b h j d -> b h i j", q, k).softmax(-1)
        c = torch.einsum("bhij,bhjd->bhid", c, v)
        x = x + self.dense((a + b + c).transpose(1, 2).reshape(x.size(0), 6, 16))
        return self.last(torch.baddbmm(x, torch.bmm(x, x.transpose(1, 2)), x) if self.training else x)


class Recurrent(nn.Module):
    """Recurrent layers: in both directions, time first, from a given state, without biases."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 6, batch_first=True, bidirectional=True)
        self.plain = nn.LSTM(12, 6, bias=False)
        self.gru = nn.GRU(6, 6, num_layers=2, batch_first=True)
        self.state = nn.Parameter(torch.zeros(2, 1, 6))
        self.last = nn.Linear(12, 3)

    def forward(self, x):
        x, (h, c) = self.lstm(x)
        x, _ = self.plain(x.transpose(0, 1))
        x, last = self.gru(x.transpose(0, 1), self.state.expand(-1, x.size(1), -1).contiguous())
        return self.last(torch.cat([x[:, -1], last[0]], 1)), h + c


class Signals(nn.Module):
    """Sequences of samples: convolutions, pooling, normalisation and resizing along one axis."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(2, 8, 3, padding=1, padding_mode="reflect")
        self.same = nn.Conv1d(8, 8, 3, padding="same", dilation=2, groups=2)
        self.instance = nn.InstanceNorm1d(8, affine=True)
        self.group = nn.GroupNorm(2, 8)
        self.gated = nn.Conv1d(8, 12, 1)
        self.batch = nn.BatchNorm1d(6)
        self.up = nn.ConvTranspose1d(6, 6, 4, stride=2, padding=1, output_padding=1)
        self.last = nn.Conv1d(6, 3, 3, stride=2, bias=False)

    def forward(self, x):
        x = F.relu(self.instance(self.same(self.first(x))))
        x = F.max_pool1d(x, 3, 1, padding=1) + F.avg_pool1d(x, 3, 1, padding=1) + F.lp_pool1d(F.relu(x) + 0.1, 2, 1)
        x = self.batch(F.glu(self.gated(self.group(x)), dim=1))
        x = F.pad(self.up(x), (2, 1), mode="replicate")
        x = F.interpolate(x, scale_factor=1.5, mode="linear") + F.interpolate(x, size=42, mode="nearest")
        x = F.adaptive_avg_pool1d(x, 14) + F.adaptive_max_pool1d(x, 14) + x.repeat_interleave(2, dim=2)[:, :, 30:44]
        x = x + F.adaptive_avg_pool1d(x, 1)
        return self.last(x), x.unfold(2, 4, 2).mean(1), x.unfold(2, 3, 3).amax(1)


class Volumes(nn.Module):
    """Convolutions, pooling, normalisation and resizing along three axes."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv3d(1, 4, 3, padding=1, stride=(1, 2, 2))
        self.batch = nn.BatchNorm3d(4)
        self.grouped = nn.Conv3d(4, 6, (1, 3, 3), padding="same", groups=2, bias=False)
        self.instance = nn.InstanceNorm3d(6)
        self.up = nn.ConvTranspose3d(6, 4, 3, stride=2, padding=1)
        self.last = nn.Linear(4, 3)

    def forward(self, x):
        x = self.instance(self.grouped(F.relu(self.batch(self.first(x)))))
        x = F.max_pool3d(x, 3, 1, padding=1) + F.avg_pool3d(x, 3, 1, padding=1) + F.max_pool3d(x, 1)
        x = self.up(x)
        x = F.interpolate(x, size=(4, 4, 5), mode="trilinear", align_corners=True) + F.interpolate(x, size=(4, 4, 5))
        x = F.adaptive_avg_pool3d(x, (2, 2, 5)) + F.avg_pool3d(x, (2, 2, 1))
        return self.last(F.adaptive_avg_pool3d(x, 1).flatten(1))


class Images(nn.Module):
    """Borders, windows, and moves of pixels that few networks use."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect")
        self.second = nn.Conv2d(8, 8, 3, padding=1, padding_mode="replicate")
        self.instance = nn.InstanceNorm2d(8, affine=True)
        self.mixed = nn.Conv2d(32, 6, 1)
        self.columns = nn.Linear(6 * 9, 18)
        self.last = nn.Conv2d(6, 3, 1)
        self.register_buffer("rows", torch.tensor([0, 2, 3]))
        self.register_buffer("cells", torch.tensor([1, -1, 0]))

    def forward(self, x):
        x = F.channel_shuffle(F.leaky_relu(self.instance(self.second(self.first(x)))), 2)
        x = self.mixed(F.pixel_unshuffle(x, 2))
        a = F.adaptive_avg_pool2d(x, 3) + F.adaptive_max_pool2d(F.pad(x, (1, 1, 2, 0), mode="reflect"), 3)
        a = a + F.interpolate(x, size=3, mode="area") + F.avg_pool2d(x, 2, 2, divisor_override=3)[:, :, :1, :1]
        b = F.interpolate(x, size=(7, 6), mode="bicubic") + F.interpolate(x, size=(7, 6), mode="nearest-exact")
        c = F.interpolate(x, scale_factor=1.7, mode="bilinear") + F.interpolate(x, scale_factor=1.7, mode="nearest")
        d = F.unfold(x, 3, padding=1, stride=2)
        e = F.fold(self.columns(d.transpose(1, 2)).transpose(1, 2).repeat(1, 3, 1), (4, 4), 3, padding=1, stride=2)
        f = F.local_response_norm(x, 3) + F.pad(x, (-1, 1, 1, -1)) + F.lp_pool2d(F.relu(x) + 0.1, 2, 1) + e
        corners = x[:, :, self.rows, self.cells] + x.diagonal(dim1=2, dim2=3)[:, :, :3] + a[:, :, 0]
        parts = [self.last(part).mean((2, 3)) for part in (a, b, c, f)]
        return torch.stack(parts, 1), corners.sum(1), x.select_scatter(x[:, :, 1], 2, 3).std((1, 2, 3))


class Functions(nn.Module):
    """More functions of one element, and of several."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 12)
        self.second = nn.Linear(12, 12)
        self.last = nn.Linear(12, 4)
        self.low = nn.Parameter(torch.zeros(12))

    def forward(self, x):
        x = self.first(x)
        y = self.second(F.celu(x, 0.5) + F.elu(x, 0.3) + F.hardshrink(x, 0.2) + F.threshold(x, 0.1, 0.05))
        x = F.logsigmoid(x) + F.softplus(y, 2, 10) + F.rrelu(x) + F.softsign(y) + torch.erfc(x) + torch.exp2(y)
        x = x + torch.trunc(3 * y) + torch.frac(3 * y) + torch.sgn(y) + torch.log2(1 + y.abs()) + torch.log10(1 + y.abs())
        x = torch.addcmul(x, y, self.low, value=0.5) + torch.addcdiv(x, y, 1 + self.low**2) + torch.lerp(x, y, 0.3)
        x = x + torch.logit(torch.sigmoid(y)) + torch.round(y, decimals=1) + 2**y + y.clamp(self.low - 1, self.low + 1)
        x = torch.where(y > 0.2, x, 0.5) + torch.rsub(y, 2, alpha=3) + torch.logaddexp(x, y) + (y > 0) * x
        return self.last(x)


class Statistics(nn.Module):
    """What is computed along an axis: variances, extremes, orders, and what is found by their places."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 12)
        self.norm = nn.RMSNorm(12)
        self.inner = nn.Conv1d(4, 6, 1)
        self.last = nn.Linear(12, 4)
        self.register_buffer("places", torch.tensor([[[3, 1, 2]]]))

    def forward(self, x):
        x = self.norm(self.inner(F.silu(self.first(x))))
        x = x + x.var(1, keepdim=True) + x.std(2, correction=0, keepdim=True) + torch.var_mean(x, 2, keepdim=True)[1]
        x = x + x.max(2, keepdim=True)[0] - x.min(2)[0][:, :, None] + F.normalize(x, p=3, dim=1) + x.norm(dim=2, keepdim=True)
        chosen = torch.gather(x, 2, self.places.expand(x.size(0), 6, -1)) + x.topk(3, dim=2)[0] + x.sort(2)[0][:, :, :3]
        found = x.argmax(2, keepdim=True) + (x > 0).any(2, keepdim=True) + (x > 0).cumsum(2)[:, :, -1:]
        return self.last(x), chosen * found, x.topk(2, dim=1, largest=False)[0], torch.tanh(x).cumprod(2), x.prod(1)


class Matrices(nn.Module):
    """Products of vectors and matrices, attention with fewer heads and without looking ahead, single steps of cells."""

    def __init__(self):
        super().__init__()
        self.queries = nn.Linear(8, 16)
        self.keys = nn.Linear(8, 8)
        self.values = nn.Linear(8, 8)
        self.dense = nn.utils.parametrizations.weight_norm(nn.Linear(16, 8))
        self.table = nn.Parameter(torch.zeros(4, 5, 8))
        self.vector = nn.Parameter(torch.zeros(8))
        self.square = nn.Parameter(torch.zeros(8, 8))
        self.step = nn.LSTMCell(8, 6)
        self.gru = nn.GRUCell(6, 6)
        self.plain = nn.RNNCell(6, 6)
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        n = x.size(0)
        q = self.queries(x).view(n, 5, 4, 4).transpose(1, 2)
        k, v = (layer(x).view(n, 5, 2, 4).transpose(1, 2) for layer in (self.keys, self.values))
        x = self.dense(F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True).transpose(1, 2).flatten(2))
        x = x + torch.tensordot(x, self.square, ([2], [0])) + torch.inner(x, self.square) * torch.matmul(x, self.vector)[..., None]
        x = torch.baddbmm(x, x.bmm(x.mT), x, beta=0.5, alpha=0.1) + torch.tril(x.bmm(x.mT)).bmm(x)
        first = torch.matmul(self.vector[:5], x)
        second = torch.addmm(self.vector, first, self.square, beta=2, alpha=0.5) + torch.mv(self.square, self.vector)
        h, c = self.step(second + torch.dot(self.vector, self.square[0]))
        h = self.plain(self.gru(h, c), h)
        return self.last(h), torch.cosine_similarity(x, x.flip(1), dim=2), torch.outer(second[:, 0], self.vector)


class Tables(nn.Module):
    """Constants that several layers read, weights that are standardised, keys that several heads share."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 3, 3, 3))
        self.gain = nn.Parameter(torch.zeros(8))
        self.queries = nn.ModuleList(nn.Linear(8, 16) for _ in range(2))
        self.keys = nn.ModuleList(nn.Linear(8, 8) for _ in range(2))
        self.dense = nn.ModuleList(nn.Linear(16, 8) for _ in range(2))
        self.last = nn.Linear(8, 3)
        self.register_buffer("frequencies", torch.tensor([1.0, 0.1]))
        self.register_buffer("blur", torch.ones(8, 1, 3, 3) / 9)

    def turned(self, x, angles):
        first, second = x.chunk(2, -1)
        return x * angles.cos() + torch.cat([-second, first], -1) * angles.sin()

    def forward(self, x):
        weight = F.batch_norm(self.weight.reshape(1, 8, -1), None, None, weight=self.gain, training=True)
        x = F.conv2d(F.conv2d(x, weight.view(8, 3, 3, 3)), self.blur, groups=8).flatten(2).mT
        n = x.size(0)
        i, j = torch.meshgrid(torch.arange(2.0), torch.arange(2.0), indexing="xy")
        angles = torch.outer((i + 2 * j).flatten(), self.frequencies)
        angles = torch.cat([angles, angles], -1)
        for queries, keys, dense in zip(self.queries, self.keys, self.dense):
            q = self.turned(queries(x).view(n, 4, 4, 4).transpose(1, 2), angles)
            k = self.turned(keys(x).view(n, 4, 2, 4).transpose(1, 2), angles)
            k = k[:, :, None].expand(n, 2, 2, 4, 4).reshape(n, 4, 4, 4)
            x = x + dense((q @ k.mT).softmax(-1).matmul(k).transpose(1, 2).flatten(2))
        return self.last(x)


FAMILIES = {
    "convolutions": (Convolutions, [1, 3, 9, 9]),
    "pooling": (Pooling, [1, 3, 10, 10]),
    "activations": (Activations, [1, 6]),
    "shapes": (Shapes, [1, 3, 6, 6]),
    "normalisation": (Normalisation, [1, 3, 4, 4]),
    "attention": (Attention, [1, 6, 16]),
    "recurrent": (Recurrent, [1, 5, 4]),
    "signals": (Signals, [1, 2, 12]),
    "volumes": (Volumes, [1, 1, 4, 6, 6]),
    "images": (Images, [1, 3, 8, 8]),
    "functions": (Functions, [1, 6]),
    "statistics": (Statistics, [1, 4, 6]),
    "matrices": (Matrices, [1, 5, 8]),
    "tables": (Tables, [1, 3, 6, 6]),
}

if __name__ == "__main__":
    out, *names = sys.argv[1:]
    for name in names or FAMILIES:
        family, shape = FAMILIES[name]
        torch.manual_seed(0)
        document = trace(models.settle(family()), {0: Input(0, shape, batch_dim=0)}, os.path.join(out, name), name=name)
        for note in [*document["warnings"], *document["missing"].values()]:
            print(f"{name}: {note}", file=sys.stderr)
