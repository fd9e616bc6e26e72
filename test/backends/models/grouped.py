"""Grouped convolutions: four groups, channels shuffled between them, a depthwise one. Traced into `grouped/`:

python espalier_tracer.py grouped:build --input 2,3,16,16 --out grouped
"""

import torch
from torch import nn


class Grouped(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.grouped = nn.Conv2d(16, 32, 3, stride=2, padding=1, groups=4)
        self.depthwise = nn.Conv2d(32, 32, 3, padding=1, groups=32)
        self.mixed = nn.Conv2d(32, 16, 1, groups=2)
        self.head = nn.Linear(16, 10)

    def forward(self, image):
        x = torch.relu(self.norm(self.stem(image)))
        x = torch.nn.functional.relu6(self.grouped(x))
        # The channels of each group go to all of the next.
        x = x.reshape(-1, 4, 8, 8, 8).transpose(1, 2).reshape(-1, 32, 8, 8)
        x = torch.relu(self.mixed(self.depthwise(x)))
        return self.head(x.mean((2, 3)))


def build():
    torch.manual_seed(5)
    model = Grouped().eval()
    with torch.no_grad():
        model.norm.running_mean.uniform_(-0.2, 0.2)
        model.norm.running_var.uniform_(0.5, 2)
    return model
