"""The PyTorch models that Espalier is measured with, as factories for the tracer: `python espalier_tracer.py models:resnet18`.

Weights are random with a fixed seed, and nothing is trivial: normalisations have statistics, scales and shifts of their
own, biases and zero-initialised parameters have values, layer scales matter. So nothing hides behind zeros.

    python test/torch/models.py OUT [NAME ...]      traces models into OUT/NAME; all of them by default
    python test/torch/models.py --list              the names
"""

import math
import os
import sys

import torch
from torch import nn

IMAGE = "x=N,3,224,224"

TORCHVISION = {
    name: IMAGE
    for name in (
        "alexnet", "vgg16_bn", "resnet18", "resnet50", "resnet152", "resnext50_32x4d", "wide_resnet50_2", "densenet121",
        "densenet201", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "mnasnet1_0", "shufflenet_v2_x1_0",
        "squeezenet1_0", "googlenet", "inception_v3", "efficientnet_b0", "efficientnet_v2_s", "regnet_x_400mf",
        "regnet_y_400mf", "convnext_tiny", "vit_b_16", "swin_t", "maxvit_t",
    )
}  # fmt: skip
TORCHVISION["inception_v3"] = "x=N,3,299,299"
SEGMENTATION = {name: IMAGE for name in ("deeplabv3_resnet50", "fcn_resnet50", "lraspp_mobilenet_v3_large")}


def settle(model, seed=0):
    """Gives every parameter and statistic a value that matters, the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(tensor, low, high):
        tensor.copy_(torch.rand(tensor.shape, generator=generator) * (high - low) + low)

    def normal(tensor, deviation):
        tensor.copy_(torch.randn(tensor.shape, generator=generator) * deviation)

    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            flat = parameter.dim() == 1 or parameter.numel() == max(parameter.shape)
            last = name.rpartition(".")[2]
            if "layer_scale" in name or (flat and last == "weight"):
                uniform(parameter, 0.5, 1.5)
            elif flat:
                normal(parameter, 0.1)
            elif last == "weight" or last.startswith("weight_") or last.endswith("_weight"):
                # As wide as what a layer reads: signals neither vanish nor explode.
                normal(parameter, 1 / math.sqrt(parameter[0].numel()))
            else:
                normal(parameter, 0.2)
        for name, buffer in sorted(model.named_buffers()):
            if name.endswith("running_mean"):
                normal(buffer, 0.1)
            elif name.endswith("running_var"):
                uniform(buffer, 0.5, 1.5)
    return model.eval()


def torchvision_model(name):
    def factory(seed=0, **arguments):
        import torchvision

        if name in ("googlenet", "inception_v3"):
            arguments.setdefault("init_weights", False)
        if name in SEGMENTATION:
            build, given = getattr(torchvision.models.segmentation, name), {"weights_backbone": None}
        else:
            build, given = getattr(torchvision.models, name), {}
        torch.manual_seed(seed)
        return settle(build(weights=None, **given, **arguments), seed)

    return factory


for _name in (*TORCHVISION, *SEGMENTATION):
    globals()[_name] = torchvision_model(_name)


# ---------------------------------------------------------------- the same in small, for tests


def small_model(make):
    def factory(seed=0):
        torch.manual_seed(seed)
        return settle(make(), seed)

    return factory


def _convnext():
    from torchvision.models.convnext import CNBlockConfig, ConvNeXt

    return ConvNeXt([CNBlockConfig(8, 16, 1), CNBlockConfig(16, None, 1)], num_classes=5)


def _swin():
    from torchvision.models.swin_transformer import SwinTransformer

    return SwinTransformer([4, 4], 8, [2, 2], [2, 4], [4, 4], num_classes=5)


def _vit():
    from torchvision.models.vision_transformer import VisionTransformer

    return VisionTransformer(32, 8, 2, 4, 32, 48, num_classes=5)


def _maxvit():
    from torchvision.models.maxvit import MaxVit

    return MaxVit((32, 32), 8, 4, [8, 16], [1, 1], 4, 0.1, num_classes=5)


def _densenet():
    from torchvision.models.densenet import DenseNet

    return DenseNet(4, (2, 2), 8, num_classes=5)


def _resnext():
    from torchvision.models.resnet import Bottleneck, ResNet

    return ResNet(Bottleneck, [1, 1, 1, 1], num_classes=5, groups=4, width_per_group=4)


def _shufflenet():
    from torchvision.models.shufflenetv2 import ShuffleNetV2

    return ShuffleNetV2([2, 2, 2], [8, 16, 24, 32, 40], num_classes=5)


def _efficientnet():
    from torchvision.models.efficientnet import EfficientNet, FusedMBConvConfig, MBConvConfig

    return EfficientNet(
        [FusedMBConvConfig(4, 3, 2, 8, 8, 1), MBConvConfig(4, 3, 2, 8, 16, 2)], 0.1, num_classes=5, last_channel=24
    )


small_convnext = small_model(_convnext)
small_swin = small_model(_swin)
small_vit = small_model(_vit)
small_maxvit = small_model(_maxvit)
small_densenet = small_model(_densenet)
small_resnext = small_model(_resnext)
small_shufflenet = small_model(_shufflenet)
small_efficientnet = small_model(_efficientnet)


# ---------------------------------------------------------------- in plain PyTorch


class LastStep(nn.Module):
    """A recurrent network that reads a sequence and says what it was."""

    def __init__(self, recurrent, width, classes):
        super().__init__()
        self.recurrent = recurrent
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        steps, _ = self.recurrent(x)
        return self.head(steps[:, -1])


def lstm(seed=0):
    return settle(LastStep(nn.LSTM(32, 64, num_layers=2, batch_first=True), 64, 10), seed)


def gru(seed=0):
    return settle(LastStep(nn.GRU(32, 64, num_layers=2, batch_first=True, bidirectional=True), 128, 10), seed)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def split(self, x):
        return x.view(x.size(0), x.size(1), self.heads, -1).permute(0, 2, 1, 3)

    def forward(self, x, mask):
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(query.size(-1)) + mask
        mixed = torch.matmul(torch.softmax(scores, dim=-1), value)
        mixed = mixed.permute(0, 2, 1, 3).contiguous()
        return self.out(mixed.view(mixed.size(0), mixed.size(1), -1))


class Layer(nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.attention = Attention(width, heads)
        self.attention_norm = nn.LayerNorm(width, eps=1e-12)
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x, mask):
        x = self.attention_norm(x + self.dropout(self.attention(x, mask)))
        return self.norm(x + self.dropout(self.outer(nn.functional.gelu(self.inner(x)))))


class Encoder(nn.Module):
    """BERT in small: embeddings, a mask, layers, a pooler of the first token, and a classifier."""

    def __init__(self, words=1000, length=64, width=128, heads=4, inner=256, layers=3, classes=5):
        super().__init__()
        self.words = nn.Embedding(words, width)
        self.positions = nn.Embedding(length, width)
        self.kinds = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(width, heads, inner) for _ in range(layers))
        self.pooler = nn.Linear(width, width)
        self.classifier = nn.Linear(width, classes)

    def forward(self, ids, attention_mask, kinds):
        places = torch.arange(ids.size(1), device=ids.device)
        x = self.norm(self.words(ids) + self.positions(places) + self.kinds(kinds))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * -10000.0
        for layer in self.layers:
            x = layer(x, mask)
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))


def bert(seed=0):
    return settle(Encoder(), seed)


SMALL_IMAGE = "x=N,3,32,32"

INPUTS = {
    **{name: [image] for name, image in {**TORCHVISION, **SEGMENTATION}.items()},
    **{
        f"small_{name}": [SMALL_IMAGE]
        for name in (
            "convnext", "swin", "vit", "maxvit", "densenet", "resnext", "shufflenet", "efficientnet",
        )
    },
    "lstm": ["x=N,12,32"],
    "gru": ["x=N,12,32"],
    "bert": ["ids=N,32:int64:1000", "attention_mask=N,32:int64:2", "kinds=N,32:int64:2"],
}


def main(arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:0] = [here, os.path.join(here, "..", "..", "src", "import", "torch")]
    import espalier_tracer

    if arguments == ["--list"]:
        print("\n".join(INPUTS))
        return 0
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    out, *names = arguments
    failed = 0
    for name in names or INPUTS:
        if name not in INPUTS:
            print(f"error: there is no model {name}; --list lists them", file=sys.stderr)
            return 2
        inputs = [part for text in INPUTS[name] for part in ("--input", text)]
        failed |= espalier_tracer.main([f"models:{name}", *inputs, "--out", os.path.join(out, name)])
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
