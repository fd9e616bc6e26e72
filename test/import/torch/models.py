"""Small models for the tests, with weights and statistics that are not trivial anywhere."""

import torch
from torch import nn


def settled(model, seed=0):
    """Weights from a seed; statistics, scales and biases away from zeros and ones."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if not tensor.dtype.is_floating_point:
            continue
        values = torch.rand(tensor.shape, generator=generator)
        with torch.no_grad():
            tensor.copy_(values + 0.5 if "var" in name or tensor.dim() == 1 else (values - 0.5) / 2)
    return model


class Block(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.conv1 = nn.Conv2d(width, hidden, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, width, 1)

    def forward(self, x):
        return x + self.conv2(torch.relu_(self.bn1(self.conv1(x))))


class Residual(nn.Module):
    """A stem, a residual block, a concatenation, a dense layer after flatten."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.block = Block(8, 6)
        self.side = nn.Conv2d(8, 4, 1, bias=False)
        self.fc = nn.Linear(12 * 4, 5)

    def forward(self, image):
        x = self.block(self.pool(torch.relu(self.stem(image))))
        x = torch.cat([x, self.side(x)], 1)
        return self.fc(torch.flatten(x, 1))


def residual():
    return settled(Residual())


class Shared(nn.Module):
    """One weight under two names, two outputs in a dict, a constant, a frozen layer, whole numbers as input."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 6)
        self.dense = nn.Linear(6, 6)
        self.head = nn.Linear(6, 10, bias=False)
        self.head.weight = self.embed.weight
        self.dense.weight.requires_grad_(False)
        self.register_buffer("offset", torch.arange(6.0), persistent=False)

    def forward(self, ids, scale):
        x = self.embed(ids) * scale
        hidden = torch.relu(self.dense(x)) + 3 + self.offset
        return {"logits": self.head(hidden), "more": (hidden, x)}


def shared():
    return settled(Shared())


class Half(nn.Module):
    """Weights of 16 bits and of 64."""

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1.5, -2.25], dtype=torch.bfloat16))
        self.b = nn.Parameter(torch.tensor([0.5, 65504.0], dtype=torch.float16))
        self.c = nn.Parameter(torch.tensor([0.1, 1e300], dtype=torch.float64))
        self.register_buffer("steps", torch.tensor([1, -(2**31)]))
        self.register_buffer("large", torch.tensor([2**31]))
        self.register_buffer("flags", torch.tensor([True, False]))
        self.register_buffer("small", torch.tensor([-3, 4], dtype=torch.int8))

    def forward(self, x):
        y = x + self.a.float() + self.b.float() + self.c.float() + self.steps + self.small
        return torch.where(self.flags, y, y - 1)


class NoGradient(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(x).argmax(1)


class NoProgram(nn.Module):
    """Control flow that depends on the values of tensors."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(x) if x.sum() > 0 else self.fc(-x)


class Static(nn.Module):
    """Works for the number of samples that it was given alone."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(x).reshape(2, 3)


class Broken(nn.Module):
    def forward(self, x):
        return x @ torch.ones(7, 7)


class Neither(nn.Module):
    def forward(self, x):
        return x.argmax(1) if x.sum() > 0 else x.argmin(1)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 6, batch_first=True)
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        hidden, _ = self.lstm(x)
        return self.fc(hidden[:, -1])
