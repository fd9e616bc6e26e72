/** From aligned runs to the graph that importers hand on: dead code removed, constants made, everything named. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { Dim, Shape, TensorData, WeightStore } from '../../ir/graph.js';
import type { SourceConstant, SourceGraph, SourceNode, SourceRef } from '../source-graph.js';
import { drewRandom } from './align.js';
import type { Aligned, AlignedConstant } from './align.js';
import { Names, scoped } from './names.js';
import type { Ref } from './recording.js';
import type { TraceInput } from './run.js';

/**
 * The kernel that repeats a tensor along its axes, as TensorFlow.js calls it: the one node that the importer writes
 * itself, for constants that have the batch among their sizes.
 */
const repeatKernel = 'Tile';

export interface BuiltGraph {
  readonly graph: SourceGraph;
  readonly weights: WeightStore;
  /** For the nodes that stand for a kernel call: which call of a run it is. */
  readonly steps: ReadonlyMap<string, number>;
}

/** Builds the graph, and the data of its constants. */
export function buildSourceGraph(
  { name, inputs }: { readonly name: string; readonly inputs: readonly TraceInput[] },
  aligned: Aligned,
): BuiltGraph {
  const names = new Names();
  const ports = inputs.map(({ name, dtype, shape }) => ({ name: names.unique(name), dtype, shape }));
  const live = liveNodes(aligned);
  const pool = new ConstantPool(names, aligned);
  const nodes: SourceNode[] = [];
  const made = new Map<number, string>();

  const resolve = (ref: Ref): SourceRef => {
    if (ref.kind === 'input') return { node: ports[ref.index]!.name, output: 0 };
    if (ref.kind === 'constant') return pool.use(`c${ref.index}`, aligned.constants[ref.index]!, nodes);
    const literal = aligned.nodes[ref.index]!.values?.[ref.output];
    if (literal !== undefined) return pool.use(`n${ref.index}.${ref.output}`, literal, nodes);
    return { node: made.get(ref.index)!, output: ref.output };
  };

  for (const [i, node] of aligned.nodes.entries()) {
    if (!live.has(i) || node.values !== null) continue;
    const args = node.inputs.map((input) => ({ name: input.name, ...resolve(input.ref) }));
    const unique = names.unique(scoped(node.scope, node.type));
    made.set(i, unique);
    nodes.push({
      name: unique,
      type: node.type,
      inputs: args,
      attrs: node.attrs,
      scope: node.scope,
      outputs: node.outputs.length,
      types: node.outputs,
    });
  }
  const outputs = aligned.outputs.map((output) => ({ name: output.name, ref: resolve(output.ref) }));
  return {
    graph: { source: 'tfjs', name, inputs: ports, constants: pool.constants, nodes, outputs },
    weights: pool.weights(),
    steps: new Map([...made].map(([step, node]) => [node, step])),
  };
}

/** Indices of the nodes that some output needs. */
function liveNodes({ nodes, outputs }: Aligned): ReadonlySet<number> {
  const live = new Set<number>();
  const visit = (ref: Ref): void => {
    if (ref.kind === 'node') live.add(ref.index);
  };
  outputs.forEach(({ ref }) => {
    visit(ref);
  });
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (live.has(i))
      nodes[i]!.inputs.forEach(({ ref }) => {
        visit(ref);
      });
  }
  return live;
}

/** The constants in use: each is checked, named and stored when it is first needed. */
class ConstantPool {
  readonly constants: SourceConstant[] = [];
  private readonly data = new Map<string, TensorData>();
  private readonly known = new Map<string, SourceRef>();
  /** Single numbers by value: code such as `x.mul(0.5)` makes a new tensor every time. */
  private readonly numbers = new Map<string, SourceRef>();

  constructor(
    private readonly names: Names,
    private readonly aligned: Aligned,
  ) {}

  /** A reference to a constant; a node that repeats it along the batch goes to `nodes`. */
  use(key: string, constant: AlignedConstant, nodes: SourceNode[]): SourceRef {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const ref = this.make(constant, nodes);
    this.known.set(key, ref);
    return ref;
  }

  weights(): WeightStore {
    const { data } = this;
    return {
      has: (name) => data.has(name),
      get(name) {
        const found = data.get(name);
        if (found === undefined) throw new Error(`no constant is named ${JSON.stringify(name)}`);
        return found;
      },
    };
  }

  private make(constant: AlignedConstant, nodes: SourceNode[]): SourceRef {
    const base = constant.name ?? scoped(constant.scope, 'constant');
    const { dtype, scope } = constant;
    const repeats = constant.shape.map((dim): Dim => (typeof dim === 'number' ? 1 : dim));
    if (repeats.every((dim) => dim === 1))
      return this.store(base, constant, constant.data[0]!, constant.data);
    const rows = constant.data.map((data, run) => this.row(constant, data, this.aligned.batches[run]!));
    const row = this.store(base, { ...constant, shape: rowShape(constant.shape) }, rows[0]!, rows);
    const name = this.names.unique(scoped(scope, repeatKernel));
    nodes.push({
      name,
      type: repeatKernel,
      inputs: [{ name: 'x', ...row }],
      attrs: { reps: repeats },
      scope,
      outputs: 1,
      types: [{ dtype, shape: constant.shape }],
    });
    return { node: name, output: 0 };
  }

  private store(
    base: string,
    constant: AlignedConstant,
    data: TensorData,
    all: readonly TensorData[],
  ): SourceRef {
    if (!all.every((other) => sameData(other, data))) this.varies(constant);
    const { dtype } = constant;
    const shape = constant.shape as readonly number[];
    const number =
      data.length === 1 && constant.origin === 'literal' ? `${dtype} ${shape.join()} ${bits(data)}` : null;
    const same = number === null ? undefined : this.numbers.get(number);
    if (same !== undefined) return same;
    const name = this.names.unique(base);
    this.constants.push({ name, dtype, shape });
    this.data.set(name, data);
    const ref = { node: name, output: 0 };
    if (number !== null) this.numbers.set(number, ref);
    return ref;
  }

  /** What all slices along the batch have in common. */
  private row(constant: AlignedConstant, data: TensorData, batch: number): TensorData {
    return constant.shape.reduceRight<{ data: TensorData; inner: number }>(
      ({ data, inner }, dim) => {
        if (typeof dim === 'number') return { data, inner: inner * dim };
        const row = firstSlices(data, dim.batch * batch, inner);
        return row === null ? this.varies(constant) : { data: row, inner };
      },
      { data, inner: 1 },
    ).data;
  }

  private varies(constant: AlignedConstant): never {
    const what = constant.name === null ? 'a constant' : `the constant ${JSON.stringify(constant.name)}`;
    const { random } = this.aligned;
    return fail({
      code: 'E253',
      message: `${what} is not the same in every run`,
      where: constant.scope === '' ? 'the model' : `module ${JSON.stringify(constant.scope)}`,
      why:
        `it has the shape [${constant.shape.map((dim) => (typeof dim === 'number' ? dim : 'N')).join(', ')}], and its ` +
        'values change with the batch or from call to call' +
        drewRandom(random),
      help:
        random === null
          ? 'make it from shapes that do not depend on the batch, with the same values every time; a compiled model\n' +
            'keeps no state between calls'
          : 'random numbers in a compiled model would be the same in every call: draw them outside and give them to\n' +
            'the model as an input, or switch dropout and noise off for inference',
    });
  }
}

function rowShape(shape: Shape): Shape {
  return shape.map((dim) => (typeof dim === 'number' ? dim : 1));
}

/** Of `[…, size, inner]` the first slice along the middle axis, if all are equal; else null. */
function firstSlices(data: TensorData, size: number, inner: number): TensorData | null {
  const outer = data.length / (size * inner);
  const row = data.slice(0, outer * inner);
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      const first = data[i * size * inner + j]!;
      for (let k = 1; k < size; k++) if (!Object.is(data[(i * size + k) * inner + j], first)) return null;
      row[i * inner + j] = first;
    }
  }
  return row;
}

function sameData(a: TensorData, b: TensorData): boolean {
  if (a === b) return true;
  return a.length === b.length && Buffer.compare(bytes(a), bytes(b)) === 0;
}

function bytes(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function bits(data: TensorData): string {
  return Buffer.from(bytes(data)).toString('hex');
}

/** A result of a node by `NODE`, or `NODE:1` for further results; null where there is none. */
export function parseRef(graph: SourceGraph, name: string): SourceRef | null {
  const [, node, output] = /^(.*?)(?::(\d+))?$/s.exec(name)!;
  const found = graph.nodes.find((candidate) => candidate.name === node);
  const ref = { node: node!, output: Number(output ?? 0) };
  return found !== undefined && ref.output < found.outputs ? ref : null;
}
