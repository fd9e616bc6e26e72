"""Writes the traces that the tests read: `python test/import/torch/make-traces.py`, where torch and torchvision are."""

import os
import sys

import torch
import torchvision

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "../../../src/import/torch"))

import models  # noqa: E402
from espalier_tracer import Input, trace  # noqa: E402


def write(name, model, *inputs, **options):
    torch.manual_seed(0)
    trace(model, dict(enumerate(inputs)), os.path.join(HERE, "traces", name), name=name, **options)


write("residual", models.residual(), Input(0, [1, 3, 8, 8], batch_dim=0))
write(
    "shared", models.shared(), Input(0, [1, 4], torch.int64, batch_dim=0, high=10), Input("scale", [1, 1, 6], batch_dim=0)
)
write("half", models.Half(), Input(0, [1, 2], batch_dim=0), examples=0)
write("no-gradient", models.NoGradient(), Input(0, [1, 4], batch_dim=0))
write("no-program", models.NoProgram(), Input(0, [1, 4], batch_dim=0))
write("static", models.settled(models.Static()), Input(0, [2, 4], batch_dim=0))
write("recurrent", models.settled(models.Recurrent()), Input(0, [1, 5, 4], batch_dim=0))
write("resnet18", torchvision.models.resnet18(), Input(0, [1, 3, 64, 64], batch_dim=0), weights=False, examples=0)
