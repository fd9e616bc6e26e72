"""The PyTorch models that emitted modules are compared with ONNX Runtime on: each traced for Espalier and exported as ONNX,
with the same weights.

    python bench/export_onnx.py OUT [NAME ...]      writes OUT/NAME: a trace, and model.onnx

It needs torch, torchvision, onnx and onnxscript.
"""

import importlib
import os
import sys

NAMES = ("mobilenet_v2", "resnet50")
INPUT = "x=N,3,224,224"


def main(arguments):
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    sys.path[:0] = [os.path.join(root, "src", "import", "torch"), os.path.join(root, "test", "torch")]
    import torch

    tracer, models = importlib.import_module("espalier_tracer"), importlib.import_module("models")
    out, *names = arguments
    for name in names or NAMES:
        folder = os.path.join(out, name)
        failed = tracer.main([f"models:{name}", "--input", INPUT, "--out", folder])
        if failed:
            return failed
        torch.onnx.export(
            getattr(models, name)(),
            (torch.zeros(2, 3, 224, 224),),
            os.path.join(folder, "model.onnx"),
            input_names=["x"],
            output_names=["y"],
            dynamic_shapes=({0: torch.export.Dim("N", max=64)},),
            external_data=False,
            verbose=False,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
