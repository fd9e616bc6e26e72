/** From a checked trace to source graphs: the program (`aten`) and the backward graph (`torch`). */
import { fail } from '../../diagnostics/diagnostic.js';
import type { Attr, DType, TensorData, TensorType } from '../../ir/graph.js';
import { newTensorData } from '../../ir/weights.js';
import { field, isArray, isObject, type Json } from '../files/json.js';
import type { SourceConstant, SourceGraph, SourceInput, SourceNode, SourceRef } from '../source-graph.js';
import { dtypeFor, dtypeOf } from './element-types.js';
import {
  refOf,
  type Trace,
  type TraceGraph,
  type TraceNode,
  type TraceRef,
  type TraceType,
} from './trace-file.js';

/** A source graph, and the data of constants that are no tensors of the trace. */
export interface TracedGraph {
  readonly graph: SourceGraph;
  readonly numbers: ReadonlyMap<string, TensorData>;
}

/**
 * The program: an operation's tensors are its inputs, in the order of its schema; everything else is an attribute under
 * the schema's name.
 */
export function programGraph(trace: Trace, program: TraceGraph, file: string): TracedGraph {
  return new Converter('aten', trace, program, file).convert((converter, node) => {
    const inputs: SourceInput[] = [];
    const attrs: [string, Attr][] = [];
    for (const [name, value] of node.args) {
      const list = isArray(value) && value.some((item) => refOf(item) !== undefined);
      const items = list ? value : [value];
      const operands = items.map((item) => converter.operand(node, name, item));
      if (operands.every((operand) => operand !== undefined)) {
        inputs.push(...operands);
        // Which members of a list of optional tensors are given, and how many a list has.
        if (list) attrs.push([name, operands.map((operand) => operand.node !== '')]);
      } else attrs.push([name, converter.attr(value)]);
    }
    return { inputs, attrs };
  });
}

/**
 * The backward graph: a node reads what its `next_functions` name; then the buffers and inputs of the model that it has
 * saved and does not read yet, in the order of their names. All saved values are attributes.
 */
export function backwardGraph(trace: Trace, backward: TraceGraph, file: string): TracedGraph {
  const isParameter = (ref: TraceRef): boolean =>
    ref.kind === 'tensor' && trace.tensors.get(ref.name)!.kind === 'parameter';
  return new Converter('torch', trace, backward, file).convert((converter, node) => {
    const inputs: SourceInput[] = [];
    const attrs: [string, Attr][] = [];
    for (const [name, value] of node.args) {
      const ref = refOf(value);
      if (name === '') inputs.push(converter.input(ref ?? null));
      else {
        attrs.push([name, converter.attr(value)]);
        if (ref === undefined || ref === null || ref.kind === 'node' || isParameter(ref)) continue;
        if (!inputs.some((input) => input.node === ref.name)) inputs.push(converter.input(ref));
      }
    }
    return { inputs, attrs };
  });
}

type Parts = {
  readonly inputs: readonly SourceInput[];
  readonly attrs: readonly (readonly [string, Attr])[];
};

class Converter {
  private readonly constants = new Map<string, SourceConstant>();
  private readonly numbers = new Map<string, TensorData>();
  /** Nodes, inputs and constants have names of one space in a source graph. */
  private readonly taken: Set<string>;
  private readonly names = new Map<string, string>();

  constructor(
    private readonly source: string,
    private readonly trace: Trace,
    private readonly traced: TraceGraph,
    private readonly file: string,
  ) {
    this.taken = new Set([...trace.inputs.map(({ name }) => name), ...trace.tensors.keys()]);
  }

  convert(partsOf: (converter: Converter, node: TraceNode) => Parts): TracedGraph {
    const nodes = this.traced.nodes.map((node): SourceNode => {
      const { inputs, attrs } = partsOf(this, node);
      const name = this.unique(node.name);
      this.names.set(node.name, name);
      const types = node.outputs.map((output) => (output === null ? null : this.type(output, node)));
      return {
        name,
        type: node.type,
        inputs,
        attrs: Object.fromEntries(attrs),
        scope: node.scope.replaceAll('.', '/'),
        outputs: Math.max(1, node.outputs.length),
        ...(types.every((type) => type !== null) ? { types } : {}),
      };
    });
    const outputs = [...this.traced.outputs].flatMap(([name, ref]) =>
      ref === null ? [] : [{ name, ref: this.ref(ref) }],
    );
    return {
      graph: {
        source: this.source,
        name: this.trace.model,
        inputs: this.trace.inputs.map(({ name, dtype, shape }) => ({
          name,
          dtype: dtypeOf(dtype, `input ${JSON.stringify(name)} of ${this.file}`),
          shape,
        })),
        constants: [...this.constants.values()],
        nodes,
        outputs,
      },
      numbers: this.numbers,
    };
  }

  /** A tensor that a node reads: a reference, one left out, or a number in a tensor's place; undefined: no tensor. */
  operand(node: TraceNode, name: string, value: Json): SourceInput | undefined {
    const ref = refOf(value);
    if (ref !== undefined) return this.input(ref);
    const number = isObject(value) ? field(value, 'number') : undefined;
    if (number === undefined) return undefined;
    return { ...this.number(node, name, this.attr(number)), name: '' };
  }

  input(ref: TraceRef | null): SourceInput {
    return ref === null ? { node: '', output: 0, name: '' } : { ...this.ref(ref), name: '' };
  }

  /** Plain data. Element types become ours; a reference becomes the name of what it refers to. */
  attr(value: Json): Attr {
    if (isArray(value)) return value.map((item) => this.attr(item));
    if (!isObject(value)) return value;
    const float = field(value, 'float');
    if (float === 'inf') return Infinity;
    if (float === '-inf') return -Infinity;
    if (float === 'nan') return NaN;
    const dtype = field(value, 'dtype');
    if (typeof dtype === 'string' && field(value, 'shape') === undefined) return dtypeFor(dtype) ?? dtype;
    const batch = field(value, 'batch');
    if (typeof batch === 'number' && Number.isSafeInteger(batch) && batch > 0) return { batch };
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.attr(item)]));
  }

  private ref(ref: TraceRef): SourceRef {
    if (ref.kind === 'node') return { node: this.names.get(ref.name)!, output: ref.output };
    if (ref.kind === 'tensor' && !this.constants.has(ref.name)) {
      const { name, dtype, shape } = this.trace.tensors.get(ref.name)!;
      const where = `tensor ${JSON.stringify(name)} of ${this.file}`;
      this.constants.set(name, { name, dtype: dtypeOf(dtype, where), shape });
    }
    return { node: ref.name, output: 0 };
  }

  /** PyTorch takes numbers where it takes tensors; here they are constants of no axes. */
  private number(node: TraceNode, argument: string, value: Attr): SourceRef {
    if (typeof value !== 'number' && typeof value !== 'boolean') {
      return fail({
        code: 'E220',
        message: `the argument ${argument} of node ${JSON.stringify(node.name)} must be a number`,
        where: this.file,
        why: `it is ${JSON.stringify(value)}`,
        help: 'a number that depends on the batch can not be computed with: trace the model with --static',
      });
    }
    const dtype = this.numberType(node, value);
    const name = this.unique(`${node.name}.${argument}`);
    const data = newTensorData(dtype, 1);
    data[0] = Number(value);
    this.constants.set(name, { name, dtype, shape: [] });
    this.numbers.set(name, data);
    return { node: name, output: 0 };
  }

  /** As PyTorch promotes: a whole number takes the type of the tensor beside it, other numbers are floats. */
  private numberType(node: TraceNode, value: number | boolean): DType {
    const beside = node.args.flatMap(([, arg]) => {
      const ref = refOf(arg);
      return ref === undefined || ref === null ? [] : [this.typeOf(ref)];
    })[0];
    if (typeof value === 'boolean') return beside ?? 'bool';
    if (!Number.isInteger(value) || beside === 'float32') return 'float32';
    return 'int32';
  }

  private typeOf(ref: TraceRef): DType | undefined {
    if (ref.kind === 'input') return dtypeFor(this.trace.inputs.find(({ name }) => name === ref.name)!.dtype);
    if (ref.kind === 'tensor') return dtypeFor(this.trace.tensors.get(ref.name)!.dtype);
    this.producers ??= new Map(this.traced.nodes.map((node) => [node.name, node]));
    const output = this.producers.get(ref.name)!.outputs[ref.output];
    return output === null || output === undefined ? undefined : dtypeFor(output.dtype);
  }

  private producers: ReadonlyMap<string, TraceNode> | undefined;

  private type({ dtype, shape }: TraceType, node: TraceNode): TensorType {
    return { dtype: dtypeOf(dtype, `node ${JSON.stringify(node.name)} of ${this.file}`), shape };
  }

  private unique(wanted: string): string {
    let name = wanted;
    while (this.taken.has(name)) name += '_';
    this.taken.add(name);
    return name;
  }
}
