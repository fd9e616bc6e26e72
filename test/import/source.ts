/** Source graphs written by hand, for tests of the importer. */
import type { Attrs, DType, Shape, TensorData, WeightStore } from '../../src/ir/graph.js';
import { elementCount } from '../../src/ir/types.js';
import { mapWeights, newTensorData } from '../../src/ir/weights.js';
import type { SourceGraph, SourceNode, SourceRef, SourceStructure } from '../../src/import/source-graph.js';

/** `a` or `a:1`. */
export function ref(text: string): SourceRef {
  const [node, output] = text.split(':');
  return { node: node!, output: Number(output ?? 0) };
}

/** A node; an input `x=a:1` has the name x. */
export function node(
  name: string,
  type: string,
  inputs: readonly string[],
  attrs: Attrs = {},
  more: Partial<SourceNode> = {},
): SourceNode {
  return {
    name,
    type,
    inputs: inputs.map((input) => {
      const [target, own] = input.split('=').reverse();
      return { ...ref(target!), name: own ?? '' };
    }),
    attrs,
    scope: '',
    outputs: 1,
    ...more,
  };
}

export function structure(name: string, inputs: readonly string[], what: SourceStructure): SourceNode {
  return node(name, what.kind, inputs, {}, { structure: what });
}

export interface SourceParts {
  readonly source?: string;
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly constants?: Readonly<
    Record<
      string,
      { readonly dtype?: DType; readonly shape: readonly number[]; readonly data?: readonly number[] }
    >
  >;
  readonly nodes: readonly SourceNode[];
  readonly outputs: readonly string[];
}

/** A source graph with float32 inputs, and its weights: zeros where no data is given. */
export function sourceGraph(parts: SourceParts): { graph: SourceGraph; weights: WeightStore } {
  const constants = Object.entries(parts.constants ?? {}).map(([name, { dtype, shape, data }]) => ({
    name,
    dtype: dtype ?? ('float32' as const),
    shape,
    data: data ?? [],
  }));
  const weights = new Map<string, TensorData>();
  for (const { name, dtype, shape, data } of constants) {
    const values = newTensorData(dtype, elementCount(shape)!);
    values.set(data);
    weights.set(name, values);
  }
  return {
    graph: {
      source: parts.source ?? 'tf',
      name: 'test',
      inputs: Object.entries(parts.inputs).map(([name, shape]) => ({ name, dtype: 'float32', shape })),
      constants: constants.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      nodes: parts.nodes,
      outputs: parts.outputs.map((name) => ({ name, ref: ref(name) })),
    },
    weights: mapWeights(weights),
  };
}
