"""Torch-Pruning's side of the comparison in pruners.ts: the models of test/torch/models.py, half of all channels removed.

    python torch_pruning_side.py versions               what is installed here
    python torch_pruning_side.py threads MODEL          how many threads it is fastest with
    python torch_pruning_side.py save MODEL FILE        pickles the whole model
    python torch_pruning_side.py turns MODEL            prunes once for every line read, and writes how long it took
    python torch_pruning_side.py whole FROM TO          reads a pickled model, prunes it, pickles it
"""

import copy
import json
import os
import platform
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "test", "torch"))

import torch
import torch_pruning

CLASSES = 1000


def clocks():
    return time.perf_counter(), time.process_time()


def since(start):
    """Wall-clock and processor time, in milliseconds."""
    return [1000 * (now - then) for now, then in zip(clocks(), start)]


def example():
    return torch.zeros(1, 3, 224, 224)


def pruner(model, inputs):
    """The set-up; it builds the dependency graph itself."""
    heads = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear) and layer.out_features == CLASSES]
    return torch_pruning.pruner.MagnitudePruner(
        model,
        inputs,
        importance=torch_pruning.importance.MagnitudeImportance(p=1),
        pruning_ratio=0.5,
        ignored_layers=heads,
    )


def make(name):
    import models

    return getattr(models, name)()


def timed_prune(model, inputs):
    start = clocks()
    prepared = pruner(model, inputs)
    middle = clocks()
    set_up = since(start)
    prepared.step()
    return {"set up": set_up, "step": since(middle)}


def threads(name):
    model, inputs = make(name), example()
    fastest = {}
    for count in {1, os.cpu_count()}:
        torch.set_num_threads(count)
        times = [sum(wall for wall, _ in timed_prune(copy.deepcopy(model), inputs).values()) for _ in range(4)]
        fastest[count] = min(times)
    return min(fastest, key=fastest.get)


def turns(name):
    model, inputs = make(name), example()
    macs, parameters = torch_pruning.utils.count_ops_and_params(model, inputs)
    # Counting runs the pruned network, so it is seen to work.
    pruned = copy.deepcopy(model)
    pruner(pruned, inputs).step()
    macs_left, parameters_left = torch_pruning.utils.count_ops_and_params(pruned, inputs)
    answer({"macs": {"before": macs, "after": macs_left}, "params": {"before": parameters, "after": parameters_left}})
    for _ in sys.stdin:
        fresh = copy.deepcopy(model)
        start = clocks()
        torch_pruning.DependencyGraph().build_dependency(fresh, inputs)
        build = since(start)
        answer({"of which build": build, **timed_prune(copy.deepcopy(model), inputs)})


def answer(value):
    print(json.dumps(value), flush=True)


def main(command, *arguments):
    if command == "versions":
        answer({"python": platform.python_version(), "torch": torch.__version__})
    elif command == "threads":
        answer(threads(*arguments))
    elif command == "save":
        name, file = arguments
        torch.save(make(name), file)
    elif command == "turns":
        turns(*arguments)
    elif command == "whole":
        source, target = arguments
        model = torch.load(source, weights_only=False)
        pruner(model, example()).step()
        torch.save(model, target)
        answer({"processor": time.process_time()})


if __name__ == "__main__":
    main(*sys.argv[1:])
