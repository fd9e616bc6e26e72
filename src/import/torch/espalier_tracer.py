#!/usr/bin/env python3
"""Traces a PyTorch model for Espalier. One file that needs only torch.

    python espalier_tracer.py torchvision.models:resnet18 --input 1,3,224,224 --out resnet18-trace
    espalier compile resnet18-trace --out resnet18-pruned --flops 0.5

or, from Python:

    from espalier_tracer import trace
    trace(model, (torch.randn(1, 3, 224, 224),), "resnet18-trace")

It writes trace.json (the backward graph, the program, what examples there are), weights.safetensors (parameters,
buffers, constants) and examples.safetensors (inputs, and the model's own outputs for them). docs/trace-schema.md
describes them. The model is run in eval mode and left as it was.
"""

import argparse
import contextlib
import ctypes
import importlib
import inspect
import json
import math
import operator
import os
import re
import struct
import sys
import warnings

import torch
from torch.utils import _pytree as pytree

FORMAT = "espalier-trace"
VERSION = 1

# Batch sizes to trace with. torch.export specialises 0 and 1; two sizes tell which numbers are the batch.
FIRST_BATCH, SECOND_BATCH = 2, 3


class TraceError(Exception):
    """Something about the model or the inputs that the user can put right."""


class NotABatch(Exception):
    """A size that is not a multiple of the batch size."""


# ---------------------------------------------------------------- inputs


class Input:
    """One input of the model: how to make a tensor for any batch size."""

    def __init__(self, name, shape, dtype=torch.float32, batch_dim=None, low=0, high=2, given=None):
        self.name = name
        self.argument = name
        self.shape = list(shape)
        self.dtype = dtype
        self.batch_dim = batch_dim
        self.low, self.high = low, high
        self.given = given

    def make(self, batch, kind, seed):
        """A tensor with `batch` samples; the same for the same seed. None: as many as the input was stated with."""
        shape = list(self.shape)
        if batch is not None and self.batch_dim is not None:
            shape[self.batch_dim] = batch
        generator = torch.Generator().manual_seed(seed)
        if self.given is not None and kind == "given":
            if shape == self.shape:
                return self.given.detach().clone()
            rows = torch.arange(batch) % self.shape[self.batch_dim]
            return self.given.detach().index_select(self.batch_dim, rows)
        if kind == "smooth":
            unit = smooth(shape, generator)
        else:
            unit = torch.rand(shape, generator=generator, dtype=torch.float64)
        if self.dtype == torch.bool:
            return unit >= 0.5
        if self.dtype.is_floating_point:
            return (2 * unit - 1).to(self.dtype)
        return (self.low + (unit * (self.high - self.low)).floor().clamp(max=self.high - self.low - 1)).to(self.dtype)


def smooth(shape, generator):
    """Numbers from 0 to 1 like a photograph out of focus: a slow wave along each axis."""
    wave = torch.zeros(shape, dtype=torch.float64)
    for axis, size in enumerate(shape):
        turns, phase = torch.rand(2, generator=generator, dtype=torch.float64).tolist()
        steps = torch.arange(size, dtype=torch.float64) / max(1, size)
        view = [1] * len(shape)
        view[axis] = size
        wave = wave + torch.cos(2 * math.pi * (1.5 * turns * steps + phase)).reshape(view)
    return (wave / max(1, len(shape)) + 1) / 2


def parse_input(text, position):
    """`[name=]1,3,224,224[:dtype[:high]]`; N stands for the batch, which else is the first axis."""
    name, _, rest = text.rpartition("=")
    parts = rest.split(":")
    dtype = getattr(torch, parts[1], None) if len(parts) > 1 else torch.float32
    if not isinstance(dtype, torch.dtype) or dtype_name(dtype) not in SAFETENSORS_DTYPES:
        raise TraceError(f"--input {text}: there is no element type {parts[1]!r}; say for example int64")
    sizes = [part.strip() for part in parts[0].split(",") if part.strip()]
    marked = [axis for axis, size in enumerate(sizes) if size.upper() == "N"]
    try:
        shape = [1 if axis in marked else int(size) for axis, size in enumerate(sizes)]
        high = int(parts[2]) if len(parts) > 2 else 2
    except ValueError:
        raise TraceError(f"--input {text}: sizes are whole numbers or N, for example --input x=N,3,224,224") from None
    if len(marked) > 1 or min(shape, default=1) < 1 or high < 1 or len(parts) > 3:
        raise TraceError(f"--input {text}: give [NAME=]SIZES[:DTYPE[:HIGH]], with at most one N and sizes above 0")
    batch_dim = marked[0] if marked else 0 if shape else None
    return Input(name or position, shape, dtype, batch_dim, high=high)


def inputs_of_tensors(tensors, batch_dims):
    """Inputs like the given tensors, by name."""
    inputs = []
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor):
            raise TraceError(f"the input {name!r} is a {type(tensor).__name__}; inputs are tensors, one for each argument")
        tensor = tensor.detach().cpu()
        low, high = 0, 2
        if not tensor.dtype.is_floating_point and tensor.dtype != torch.bool and tensor.numel() > 0:
            low, high = int(tensor.min()), int(tensor.max()) + 1
        batch_dim = batch_dims.get(name, 0 if tensor.dim() > 0 else None)
        inputs.append(Input(name, tensor.shape, tensor.dtype, batch_dim, low, high, given=tensor))
    return inputs


class Call:
    """How the model's forward is called: which input is which argument."""

    def __init__(self, model, inputs):
        """Inputs named by their position (an int) take the names of forward's parameters."""
        parameters = [
            parameter.name
            for parameter in inspect.signature(model.forward).parameters.values()
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
        for one in inputs:
            if isinstance(one.name, int):
                one.name = parameters[one.name] if one.name < len(parameters) else f"input_{one.name}"
            one.argument = one.name
        names = [one.name for one in inputs]
        if len(set(names)) < len(names):
            raise TraceError(f"two inputs have the same name: {', '.join(names)}")
        # Leading parameters are passed by position, as models are usually called; the rest by name.
        self.positional = [one for one, name in zip(inputs, parameters) if one.name == name]
        if len(self.positional) < len(inputs) and not any(one.name in parameters for one in inputs):
            self.positional = list(inputs)
        self.keyword = [one for one in inputs if one not in self.positional]
        self.inputs = self.positional + self.keyword
        self.model = model

    def arguments(self, values):
        """From tensors by name to the arguments of forward."""
        args = tuple(values[one.name] for one in self.positional)
        return args, {one.argument: values[one.name] for one in self.keyword}

    def run(self, values):
        args, kwargs = self.arguments(values)
        return self.model(*args, **kwargs)

    def make(self, batch, kind="random", seed=0):
        return {one.name: one.make(batch, kind, seed + 7919 * i) for i, one in enumerate(self.inputs)}


def named_outputs(result):
    """The tensors in what a model returns, nested in any way, by name: `out`, `boxes.0`, or `output`."""
    leaves, _ = pytree.tree_flatten_with_path(result)
    named = {}
    for path, leaf in leaves:
        if not isinstance(leaf, torch.Tensor):
            continue
        keys = [str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", key)))) for key in path]
        name = ".".join(keys) if keys else "output"
        if name.isdigit():
            name = f"output_{name}"
        named[name] = leaf
    if not named:
        raise TraceError("the model returns no tensor")
    return named


# ---------------------------------------------------------------- tensors of the model


class Tensors:
    """Parameters, buffers and constants by name. What is shared keeps its first name; the others are aliases."""

    def __init__(self, model):
        self.entries = {}
        self.names = {}
        persistent = set(model.state_dict(keep_vars=True))
        for kind, named in (("parameter", model.named_parameters), ("buffer", model.named_buffers)):
            for name, tensor in named(remove_duplicate=False):
                first = self.names.setdefault(id(tensor), name)
                if first == name:
                    entry = {"name": name, "kind": kind, "persistent": name in persistent, "aliases": []}
                    self.entries[name] = (entry, tensor)
                else:
                    self.entries[first][0]["aliases"].append(name)
        self.canonical = {alias: entry["name"] for entry, _ in self.entries.values() for alias in entry["aliases"]}

    def name_of(self, tensor):
        return self.names.get(id(tensor))

    def resolve(self, name):
        return self.canonical.get(name, name)

    def add_constant(self, wanted, tensor):
        known = self.names.get(id(tensor))
        if known is not None:
            return known
        name = wanted
        while name in self.entries or name in self.canonical:
            name += "_"
        self.names[id(tensor)] = name
        self.entries[name] = ({"name": name, "kind": "constant", "persistent": False, "aliases": []}, tensor)
        return name

    def described(self):
        return [
            {**entry, "dtype": dtype_name(tensor.dtype), "shape": list(tensor.shape)}
            for entry, tensor in self.entries.values()
        ]

    def data(self):
        return {name: tensor.detach() for name, (_, tensor) in self.entries.items()}


def dtype_name(dtype):
    return str(dtype).removeprefix("torch.")


# ---------------------------------------------------------------- the backward graph


def backward_graph(call, tensors, batch):
    """The graph that autograd keeps, from a pseudo loss over all outputs back to parameters and inputs."""
    values = call.make(batch)
    for value in values.values():
        if value.dtype.is_floating_point:
            value.requires_grad_(True)
    inputs = {id(value): name for name, value in values.items()}
    # A model may write into its input, which a leaf does not allow.
    with torch.enable_grad():
        try:
            outputs = named_outputs(call.run(values))
        except RuntimeError as error:
            if "leaf" not in str(error):
                raise
            copies = {name: value.clone() if value.requires_grad else value for name, value in values.items()}
            outputs = named_outputs(call.run(copies))

    # The pseudo loss is the sum of all outputs; its own nodes are no part of the model, so the walk begins below them.
    roots = [output.grad_fn for output in outputs.values() if output.grad_fn is not None]
    if not roots:
        raise TraceError("no output depends on a parameter or an input by operations that have a gradient")
    order = backward_order(roots)
    names = {}
    for fn in order:
        names[fn] = f"{backward_type(fn)}#{len(names)}"

    def reference(fn, output):
        if fn is None:
            return {"tensor": None}
        if hasattr(fn, "variable"):
            name = tensors.name_of(fn.variable)
            if name is not None:
                return {"tensor": name}
            name = inputs.get(id(fn.variable))
            return {"tensor": None} if name is None else {"input": name}
        return node_reference(names[fn], output)

    nodes = []
    for fn in order:
        saved = {}
        for attribute in dir(fn):
            if attribute.startswith("_saved_"):
                try:
                    value = getattr(fn, attribute)
                except RuntimeError:  # Saved tensors that were written over since: nothing of them can be said.
                    continue
                encoded = saved_value(value, tensors, inputs)
                if encoded is not OMITTED:
                    saved[attribute.removeprefix("_saved_")] = encoded
        nodes.append(
            {
                "name": names[fn],
                "type": backward_type(fn),
                "inputs": [reference(*pair) for pair in fn.next_functions],
                "saved": saved,
                "outputs": [
                    {"dtype": dtype_name(metadata.dtype), "shape": [int(size) for size in metadata.shape]}
                    for metadata in fn._input_metadata
                ],
            }
        )

    def output_reference(output):
        if output.grad_fn is not None:
            return node_reference(names[output.grad_fn], output.output_nr)
        if id(output) in inputs:
            return {"input": inputs[id(output)]}
        return {"tensor": tensors.name_of(output)}

    return {"nodes": nodes, "outputs": {name: output_reference(output) for name, output in outputs.items()}}


def backward_order(roots):
    """All nodes, each after those that it refers to. Without recursion: networks are deep."""
    order, seen = [], set()
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(root.next_functions))]
        while stack:
            fn, rest = stack[-1]
            for following, _ in rest:
                if following is None or following in seen or hasattr(following, "variable"):
                    continue
                seen.add(following)
                stack.append((following, iter(following.next_functions)))
                break
            else:
                order.append(fn)
                stack.pop()
    return order


def backward_type(fn):
    return fn.name().rpartition("::")[2]


OMITTED = object()


def saved_value(value, tensors, inputs):
    """Plain data; of tensors which they are, where they are the model's own, else what they look like."""
    if isinstance(value, torch.Tensor):
        name = tensors.name_of(value)
        if name is not None:
            return {"tensor": name}
        if id(value) in inputs:
            return {"input": inputs[id(value)]}
        return {"shape": list(value.shape), "dtype": dtype_name(value.dtype)}
    if isinstance(value, int) and not isinstance(value, bool) and value >= 2**63:
        return value - 2**64  # Negative axes are kept as unsigned numbers.
    if isinstance(value, (list, tuple)):
        items = [saved_value(item, tensors, inputs) for item in value]
        return OMITTED if any(item is OMITTED for item in items) else items
    return plain_value(value)


def plain_value(value):
    """Numbers, flags, text and element types, as JSON has them; OMITTED for what is no part of a computation."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, torch.dtype):
        return {"dtype": dtype_name(value)}
    if isinstance(value, (torch.device, torch.layout, torch.memory_format, torch.Generator)):
        return OMITTED
    return {"other": str(value)}


def with_batch(first, second):
    """One description of two runs that differ in the batch size alone: sizes that differ become multiples of it."""
    if isinstance(first, dict) and isinstance(second, dict) and first.keys() == second.keys():
        return {
            key: saved_with_batch(value, second[key]) if key == "saved" else with_batch(value, second[key])
            for key, value in first.items()
        }
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [with_batch(a, b) for a, b in zip(first, second)]
    if first == second and type(first) is type(second):
        return first
    if type(first) is int and type(second) is int:
        factor = second - first
        if factor > 0 and first == factor * FIRST_BATCH:
            return {"batch": factor}
    raise NotABatch(f"{first} with a batch of {FIRST_BATCH} becomes {second} with {SECOND_BATCH}")


def saved_with_batch(first, second):
    """Saved values, without those whose sizes are no multiple of the batch: the workspace of a kernel, not of the model."""
    known = {}
    for key in first.keys() & second.keys():
        try:
            known[key] = with_batch(first[key], second[key])
        except NotABatch:
            continue
    return {key: known[key] for key in first if key in known}


# ---------------------------------------------------------------- the program


def exported_program(call, dynamic):
    """The model's operations as torch.export has them: functional, and decomposed as little as possible."""
    args, kwargs = call.arguments(call.make(FIRST_BATCH if dynamic else None))
    shapes = None
    if dynamic:
        batch = torch.export.Dim("batch")
        shapes = {
            one.argument: None if one.batch_dim is None else {one.batch_dim: batch} for one in call.inputs
        }
        # By position as the arguments, by name once there are keyword arguments.
        shapes = shapes if call.keyword else tuple(shapes.values())
    program = torch.export.export(call.model, args, kwargs, dynamic_shapes=shapes, strict=False)
    # An empty table keeps linear, conv2d, layer_norm, attention, lstm; what writes into tensors becomes functional.
    return program.run_decompositions({})


class Program:
    """From an exported program to plain data."""

    def __init__(self, program, call, tensors, dynamic):
        self.program = program
        self.tensors = tensors
        self.symbols = set()
        signature = program.graph_signature
        self.placeholders = {}
        for placeholder, name in signature.inputs_to_parameters.items():
            self.placeholders[placeholder] = {"tensor": tensors.resolve(name)}
        for placeholder, name in signature.inputs_to_buffers.items():
            self.placeholders[placeholder] = {"tensor": tensors.resolve(name)}
        for placeholder, name in signature.inputs_to_lifted_tensor_constants.items():
            self.placeholders[placeholder] = {"tensor": tensors.add_constant(name, program.constants[name])}
        # The program's inputs in its own order: arguments by position, then by name.
        args, kwargs = pytree.tree_unflatten(list(signature.user_inputs), program.call_spec.in_spec)
        for one, placeholder in zip(call.positional, args):
            self.placeholders[placeholder] = {"input": one.name}
        for one in call.keyword:
            self.placeholders[kwargs[one.argument]] = {"input": one.name}
        if dynamic:
            for node in program.graph.nodes:
                if node.op == "placeholder" and "input" in self.placeholders.get(node.name, {}):
                    for size in node.meta["val"].shape:
                        if isinstance(size, torch.SymInt):
                            self.symbols |= size.node.expr.free_symbols

    def describe(self, grad_fns):
        nodes = [
            self.node(node, grad_fns.get(node.name))
            for node in self.program.graph.nodes
            if node.op == "call_function" and node.target is not operator.getitem and makes_tensors(node)
        ]
        return {"nodes": nodes, "outputs": self.outputs()}

    def outputs(self):
        returned = next(node for node in self.program.graph.nodes if node.op == "output").args[0]
        by_name = {node.name: node for node in returned if isinstance(node, torch.fx.Node)}
        leaves = [by_name.get(output) for output in self.program.graph_signature.user_outputs]
        # The same structure that the model returns, with references in place of tensors.
        values = [None if leaf is None else leaf.meta["val"] for leaf in leaves]
        named = named_outputs(pytree.tree_unflatten(values, self.program.call_spec.out_spec))
        tensors = [leaf for leaf, value in zip(leaves, values) if isinstance(value, torch.Tensor)]
        return {name: self.reference(leaf) for name, leaf in zip(named, tensors)}

    def node(self, node, grad_fn):
        name, overload, args = operation(node)
        value = node.meta["val"]
        values = list(value) if isinstance(value, (list, tuple)) else [value]
        described = {
            "name": node.name,
            "op": name,
            "overload": overload,
            "args": {},
            "outputs": [self.type(one) if isinstance(one, torch.Tensor) else None for one in values],
            "scope": scope(node),
            "grad_fn": grad_fn,
        }
        for argument, kind, value in args:
            encoded = self.argument(value, kind)
            if encoded is not OMITTED:
                described["args"][argument] = encoded
        return described

    def argument(self, value, kind):
        """A reference where the operation takes a tensor, else the value."""
        if "Tensor" in kind:
            if isinstance(value, (list, tuple)):
                return [self.argument(item, "Tensor") for item in value]
            if value is None:
                return {"tensor": None}
            if isinstance(value, torch.fx.Node) and not is_number(value):
                return self.reference(value)
            return {"number": self.plain(value)}
        return self.plain(value)

    def plain(self, value):
        if isinstance(value, torch.fx.Node):
            value = value.meta.get("val", str(value)) if not makes_tensors(value) else self.reference(value)
            if isinstance(value, dict):
                return value
        if isinstance(value, torch.SymInt):
            return self.size(value)
        if isinstance(value, (list, tuple)):
            items = [self.plain(item) for item in value]
            return OMITTED if any(item is OMITTED for item in items) else items
        return plain_value(value)

    def reference(self, node):
        if node.op == "placeholder":
            return self.placeholders[node.name]
        output = 0
        if node.op == "call_function" and node.target is operator.getitem:
            node, output = node.args
        return node_reference(node.name, output)

    def type(self, tensor):
        return {"dtype": dtype_name(tensor.dtype), "shape": [self.size(size) for size in tensor.shape]}

    def size(self, size):
        if isinstance(size, int):
            return size
        expression = size.node.expr
        if not expression.free_symbols:
            return int(expression)
        if expression.free_symbols <= self.symbols and len(self.symbols) == 1:
            (symbol,) = self.symbols
            # Linear in the batch: the same factor for any number of samples.
            factors = {float(expression.subs(symbol, samples)) / samples for samples in (2, 3, 5, 64)}
            factor = factors.pop()
            if not factors and factor == int(factor) and factor > 0:
                return {"batch": int(factor)}
        raise NotABatch(f"the size {expression} is no multiple of the batch")


def operation(node):
    """Name, overload, and the arguments with their types; those left out have their default values."""
    target = node.target
    if not isinstance(target, torch._ops.OpOverload):
        name = target.name() if callable(getattr(target, "name", None)) else getattr(target, "__name__", str(target))
        args = [(f"arg_{i}", "Tensor" if makes_tensors(arg) else "any", arg) for i, arg in enumerate(node.args)]
        return name, "", args
    schema = target._schema
    namespace, _, name = schema.name.partition("::")
    given = dict(zip((argument.name for argument in schema.arguments), node.args))
    given.update(node.kwargs)
    args = [
        (argument.name, str(argument.type), given.get(argument.name, argument.default_value))
        for argument in schema.arguments
    ]
    return name if namespace == "aten" else f"{namespace}.{name}", schema.overload_name or "default", args


def makes_tensors(node):
    if not isinstance(node, torch.fx.Node):
        return False
    value = node.meta.get("val")
    return any(isinstance(one, torch.Tensor) for one in (value if isinstance(value, (list, tuple)) else [value]))


def is_number(node):
    return isinstance(node.meta.get("val"), (int, float, bool, torch.SymInt, torch.SymFloat, torch.SymBool))


def scope(node):
    """The path of the module that the node belongs to."""
    stack = node.meta.get("nn_module_stack")
    return list(stack.values())[-1][0] if stack else ""


def node_reference(name, output):
    return {"node": name} if output == 0 else {"node": name, "output": output}


class GradFnNames(torch.fx.Interpreter):
    """Runs a program under autograd and notes the grad_fn of what every node makes."""

    def __init__(self, module):
        super().__init__(module)
        self.names = {}

    def run_node(self, node):
        result = super().run_node(node)
        for one in result if isinstance(result, (list, tuple)) else [result]:
            if isinstance(one, torch.Tensor) and one.grad_fn is not None:
                self.names[node.name] = backward_type(one.grad_fn)
                break
        return result


def grad_fn_names(program, call, batch, notes):
    """The grad_fn of every node, by name. A program that does not run under autograd has none."""
    signature = program.graph_signature
    values = call.make(batch)
    args, kwargs = call.arguments(values)
    user = iter(pytree.tree_leaves((args, kwargs)))
    flat = []
    for node in program.graph.nodes:
        if node.op != "placeholder":
            continue
        name = signature.inputs_to_parameters.get(node.name) or signature.inputs_to_buffers.get(node.name)
        if name is not None:
            flat.append(program.state_dict[name] if name in program.state_dict else program.constants[name])
        elif node.name in signature.inputs_to_lifted_tensor_constants:
            flat.append(program.constants[signature.inputs_to_lifted_tensor_constants[node.name]])
        else:
            value = next(user)
            flat.append(value.requires_grad_(True) if value.dtype.is_floating_point else value)
    interpreter = GradFnNames(program.graph_module)
    try:
        with torch.enable_grad():
            interpreter.run(*flat)
    except Exception as error:  # Whatever an operation raises.
        notes.append(f"the program does not run under autograd, so its nodes have no grad_fn: {one_line(error)}")
    return interpreter.names


# ---------------------------------------------------------------- files


SAFETENSORS_DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
}  # fmt: skip


def write_safetensors(path, tensors):
    """The format in a few lines: a length, a JSON header, the data; wide elements first, so that all are aligned."""
    header, blobs, end = {}, [], 0
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].element_size()):
        kind = SAFETENSORS_DTYPES.get(dtype_name(tensor.dtype))
        if kind is None:
            raise TraceError(f"{name} has the element type {dtype_name(tensor.dtype)}, which can't be written")
        tensor = tensor.detach().cpu().contiguous()
        blobs.append(tensor)
        start, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in blobs:
            if tensor.numel() > 0:
                file.write(raw_bytes(tensor))


def raw_bytes(tensor):
    """The bytes of a contiguous tensor, without numpy, which torch does not need."""
    size = tensor.numel() * tensor.element_size()
    return memoryview((ctypes.c_char * size).from_address(tensor.data_ptr()))


def write_trace(path, document):
    """JSON with one line for each node, tensor and example, so that traces can be read and compared."""

    def block(value, indent):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines = ",\n".join(indent + "  " + json.dumps(item, allow_nan=False) for item in value)
            return f"[\n{lines}\n{indent}]"
        if isinstance(value, dict) and "nodes" in value:
            return "{\n" + ",\n".join(
                f"{indent}  {json.dumps(key)}: {block(item, indent + '  ')}" for key, item in value.items()
            ) + f"\n{indent}}}"
        return json.dumps(value, allow_nan=False)

    text = ",\n".join(f"  {json.dumps(key)}: {block(value, '  ')}" for key, value in document.items())
    with open(path, "w", encoding="utf-8") as file:
        file.write("{\n" + text + "\n}\n")


# ---------------------------------------------------------------- tracing


@contextlib.contextmanager
def prepared(model):
    """In eval mode, every parameter with a gradient, attention in its plain form; afterwards as it was."""
    training = {module: module.training for module in model.modules()}
    frozen = [p for p in model.parameters() if not p.requires_grad and p.dtype.is_floating_point]
    fastpath = torch.backends.mha.get_fastpath_enabled()
    model.eval()
    for parameter in frozen:
        parameter.requires_grad_(True)
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fastpath)
        for parameter in frozen:
            parameter.requires_grad_(False)
        for module, mode in training.items():
            module.training = mode


def one_line(error):
    """What an error says, without the log that torch.export adds."""
    text = " ".join(line.strip() for line in str(error).split("\n\n")[0].splitlines() if line.strip())
    text = re.sub(r"For more information, run with TORCH_LOGS=\S+\s*", "", text)
    text = text[:400] or "no reason is given"
    return text if isinstance(error, TraceError) else f"{type(error).__name__}: {text}"


def trace(model, inputs, out, *, examples=2, dynamic=True, batch_dims=None, weights=True, seed=0, name=None):
    """Traces `model` and writes the folder `out`; returns the document that trace.json holds.

    inputs: a tensor, a tuple of tensors for forward's arguments, or a dict by argument name. Their values are used for
        the first example; whole numbers are otherwise drawn from the range that they span.
    examples: how many inputs to write with the model's own outputs, for verification.
    dynamic: whether the number of samples may change; it is the size of axis 0 of every input, or of the axis that
        `batch_dims` gives by input name (None: this input has no such axis).
    weights: False to write the structure alone.
    """
    if isinstance(inputs, torch.Tensor):
        inputs = (inputs,)
    if not isinstance(inputs, dict):
        inputs = dict(enumerate(inputs))
    if not (inputs and all(isinstance(one, Input) for one in inputs.values())):
        inputs = dict(enumerate(inputs_of_tensors(inputs, batch_dims or {})))
    return trace_inputs(model, list(inputs.values()), out, examples, dynamic, weights, seed, name)


def trace_inputs(model, inputs, out, examples, dynamic, weights, seed, name):
    if not isinstance(model, torch.nn.Module):
        raise TraceError(f"the model is a {type(model).__name__}, not a torch.nn.Module")
    elsewhere = {str(parameter.device) for parameter in model.parameters()} - {"cpu"}
    if elsewhere:
        raise TraceError(f"the model is on {', '.join(sorted(elsewhere))}; move it first: model.cpu()")
    call = Call(model, inputs)
    notes, missing = [], {}
    sizes = {one.shape[one.batch_dim] for one in call.inputs if one.batch_dim is not None}
    if dynamic and len(sizes) > 1:
        dynamic = False
        notes.append(f"the batch is static: the inputs have different numbers of samples, {sorted(sizes)}")
    dynamic = dynamic and len(sizes) == 1

    with prepared(model):
        tensors = Tensors(model)
        for one in call.inputs:
            while one.name in tensors.entries:
                one.name += "_"
        try:
            with torch.no_grad():
                plain = named_outputs(call.run(call.make(None)))
        except TraceError:
            raise
        except Exception as error:
            shapes = ", ".join(f"{one.name} {one.shape}" for one in call.inputs)
            raise TraceError(f"the model does not run with these inputs ({shapes}): {one_line(error)}") from error
        program, dynamic = trace_program(call, tensors, dynamic, notes, missing)
        backward, dynamic_too = trace_backward(call, tensors, dynamic, notes, missing)
        if dynamic and not dynamic_too and program is None:
            dynamic = False
        if program is None and backward is None:
            raise TraceError("nothing could be traced\n  " + "\n  ".join(missing.values()))
        samples, stored = run_examples(call, examples, dynamic, seed)
        output_types = sample_types(call, plain, dynamic, program)

    document = {
        "format": FORMAT,
        "version": VERSION,
        "producer": {"torch": torch.__version__, "python": ".".join(map(str, sys.version_info[:3]))},
        "model": name or type(model).__name__,
        "weights": weights,
        "warnings": notes,
        "missing": missing,
        "inputs": [
            {
                "name": one.name,
                "dtype": dtype_name(one.dtype),
                "shape": [
                    {"batch": 1} if dynamic and axis == one.batch_dim else size for axis, size in enumerate(one.shape)
                ],
            }
            for one in call.inputs
        ],
        "outputs": output_types,
        "tensors": tensors.described(),
        "program": program,
        "backward": backward,
        "examples": samples,
    }
    os.makedirs(out, exist_ok=True)
    write_trace(os.path.join(out, "trace.json"), document)
    if weights:
        write_safetensors(os.path.join(out, "weights.safetensors"), tensors.data())
    if samples:
        write_safetensors(os.path.join(out, "examples.safetensors"), stored)
    return document


def trace_program(call, tensors, dynamic, notes, missing):
    """The program; with a static batch where a dynamic one does not work."""
    reasons = []
    for attempt in [True, False] if dynamic else [False]:
        try:
            exported = exported_program(call, attempt)
            program = Program(exported, call, tensors, attempt)
            described = program.describe(grad_fn_names(exported, call, FIRST_BATCH if attempt else None, notes))
            changed = exported.graph_signature.buffers_to_mutate.values()
            if changed:
                notes.append(f"the model changes buffers when it runs, a program does not: {', '.join(sorted(changed))}")
            notes += [f"the batch is static: torch.export does not take it as dynamic: {why}" for why in reasons]
            return described, attempt
        except Exception as error:  # torch.export raises errors of many types.
            reasons.append(one_line(error))
    missing["program"] = f"torch.export can't export the model: {reasons[-1]}"
    return None, dynamic


def trace_backward(call, tensors, dynamic, notes, missing):
    try:
        if not dynamic:
            return backward_graph(call, tensors, None), False
        first, second = (backward_graph(call, tensors, batch) for batch in (FIRST_BATCH, SECOND_BATCH))
        try:
            return with_batch(first, second), True
        except NotABatch as error:
            notes.append(f"the backward graph has a static batch: {error}")
            return first, False
    except Exception as error:  # Whatever the model raises.
        missing["backward"] = f"autograd keeps no graph of the model: {one_line(error)}"
        return None, dynamic


def run_examples(call, count, dynamic, seed):
    """Inputs and the model's own outputs: by turns random and smooth, with one sample and with two."""
    samples, stored = [], {}
    for i in range(count):
        given = i == 0 and all(one.given is not None for one in call.inputs)
        kind = "given" if given else "random" if i % 2 == 0 else "smooth"
        batch = (None if given else 1 + i % 2) if dynamic else None
        values = call.make(batch, kind, seed + 104729 * (i + 1))
        with torch.no_grad():
            outputs = {name: output.clone() for name, output in named_outputs(call.run(values)).items()}
        samples.append(
            {
                "name": f"{kind}, batch {batch}" if batch is not None else kind,
                "inputs": {name: f"{i}/inputs/{name}" for name in values},
                "outputs": {name: f"{i}/outputs/{name}" for name in outputs},
            }
        )
        stored.update({f"{i}/inputs/{name}": value for name, value in values.items()})
        stored.update({f"{i}/outputs/{name}": value for name, value in outputs.items()})
    return samples, stored


def sample_types(call, plain, dynamic, program):
    """The types of the outputs; which of their sizes are the batch is told by running the model twice."""

    def shapes(batch):
        with torch.no_grad():
            return {name: list(output.shape) for name, output in named_outputs(call.run(call.make(batch))).items()}

    known = with_batch(shapes(FIRST_BATCH), shapes(SECOND_BATCH)) if dynamic else shapes(None)
    return [{"name": name, "dtype": dtype_name(plain[name].dtype), "shape": shape} for name, shape in known.items()]


# ---------------------------------------------------------------- command line


def load_model(target, arguments):
    """`package.module:factory`: a module, or what makes one."""
    module_name, _, path = target.partition(":")
    if not path:
        raise TraceError(f"{target}: give PACKAGE.MODULE:FACTORY, for example torchvision.models:resnet18")
    sys.path.insert(0, os.getcwd())
    try:
        found = importlib.import_module(module_name)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise TraceError(f"{target}: {error}") from error
    if isinstance(found, torch.nn.Module):
        return found
    try:
        return found(**arguments)
    except Exception as error:  # Whatever the factory raises.
        raise TraceError(f"{target} makes no model: {one_line(error)}") from error


def load_weights(model, path):
    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # torch.load and load_state_dict raise errors of many types.
        raise TraceError(f"the weights of {path} can't be loaded: {one_line(error)}") from error


def factory_arguments(text):
    try:
        arguments = json.loads(text)
    except ValueError as error:
        raise TraceError(f"--args {text}: {error}") from None
    if not isinstance(arguments, dict):
        raise TraceError(f"--args {text}: give a JSON object of keyword arguments")
    return arguments


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Traces a PyTorch model for Espalier.",
        epilog="Example: python espalier_tracer.py torchvision.models:resnet18 --input 1,3,224,224 --out trace",
    )
    parser.add_argument("model", help="PACKAGE.MODULE:FACTORY; what FACTORY returns, or is, is the model")
    parser.add_argument(
        "--input", action="append", required=True, metavar="[NAME=]SIZES[:DTYPE[:HIGH]]",
        help="an input: sizes with the batch first or written N, an element type (float32), and for whole numbers "
        "what they stay below (2); repeat it for several inputs",
    )  # fmt: skip
    parser.add_argument("--out", required=True, metavar="DIR", help="the folder to write")
    parser.add_argument("--args", default="{}", metavar="JSON", help="keyword arguments for FACTORY")
    parser.add_argument("--state-dict", metavar="FILE", help="weights to load, as torch.save wrote them")
    parser.add_argument("--examples", type=int, default=2, metavar="N", help="example inputs to write (2)")
    parser.add_argument("--static", action="store_true", help="keep the batch size of --input")
    parser.add_argument("--structure", action="store_true", help="write no weights")
    parser.add_argument("--seed", type=int, default=0, help="for random weights and inputs")
    options = parser.parse_args(argv)
    try:
        inputs = [parse_input(text, i) for i, text in enumerate(options.input)]
        torch.manual_seed(options.seed)
        model = load_model(options.model, factory_arguments(options.args))
        if options.state_dict is not None:
            load_weights(model, options.state_dict)
        document = trace(
            model, dict(enumerate(inputs)), options.out, examples=options.examples, dynamic=not options.static,
            weights=not options.structure, seed=options.seed, name=options.model.rpartition(":")[2],
        )  # fmt: skip
    except TraceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for note in [*document["warnings"], *document["missing"].values()]:
        print(f"warning: {note}", file=sys.stderr)
    counts = [f"{len(document[part]['nodes'])} nodes of the {part}" for part in ("program", "backward") if document[part]]
    print(f"wrote {options.out}: {', '.join(counts)}, {len(document['tensors'])} tensors", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
