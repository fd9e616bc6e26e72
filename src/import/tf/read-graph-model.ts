/** Reads a TensorFlow.js GraphModel: a frozen GraphDef in JSON with its weights beside it. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { DType } from '../../ir/graph.js';
import type { ReadOptions, SourceConstant, SourceModel, SourceNode, SourceRef } from '../source-graph.js';
import { asObject, field } from '../files/json.js';
import { readModelFiles } from '../files/model-files.js';
import type { ModelFiles } from '../files/model-files.js';
import { readGraphDef, sortNodes } from './graph-def.js';
import type { DefGraph, DefNode } from './graph-def.js';
import { readLists } from './lists.js';
import { readLoops } from './loops.js';
import { readInputs, readOutputs, readSignature } from './ports.js';
import type { Signature } from './ports.js';
import { loadReference } from './reference.js';

/** Reads the model.json at `path` and its weight files. */
export async function readGraphModel(path: string, options: ReadOptions): Promise<SourceModel> {
  const files = await readModelFiles(path);
  const topology = asObject(field(files.json, 'modelTopology'), '`modelTopology`', path);
  const signature = readSignature(files.json, path);
  const nodes = withoutDefaults(readLoops(readLists(readGraphDef(topology, path))), signature);
  const inputs = readInputs(nodes, signature, options.inputShapes, path);
  const outputs = readOutputs(nodes, signature, options.outputs, path);
  const sorted = sortNodes(
    nodes,
    outputs.map(({ ref }) => ref.node),
    path,
  );
  const isInput = new Set(inputs.map(({ name }) => name));
  const constants: SourceConstant[] = [];
  const operations: DefNode[] = [];
  for (const node of sorted) {
    if (isInput.has(node.name)) continue;
    if (node.type === 'Const') constants.push(readConstant(node, files));
    else operations.push(node);
  }
  const outputCounts = countOutputs(nodes, outputs);
  return {
    graph: {
      source: 'tf',
      name: files.name,
      inputs,
      constants,
      nodes: operations.map((node) => sourceNode(node, outputCounts)),
      outputs,
    },
    weights: files.weights,
    hash: files.hash,
    reference: (names) => loadReference(files, names ?? outputs.map(({ name }) => name)),
  };
}

function sourceNode(node: DefNode, outputCounts: ReadonlyMap<string, number>): SourceNode {
  const parts = (nodes: readonly DefNode[]): SourceNode[] =>
    nodes.map((part) => sourceNode(part, outputCounts));
  const { structure } = node;
  return {
    name: node.name,
    type: node.type,
    inputs: node.inputs.map((input) => ({ ...input, name: '' })),
    attrs: node.attrs,
    scope: node.name.includes('/') ? node.name.slice(0, node.name.lastIndexOf('/')) : '',
    outputs: outputCounts.get(node.name) ?? 1,
    ...(structure === undefined
      ? {}
      : structure.kind !== 'loop'
        ? { structure }
        : {
            structure: {
              ...structure,
              condition: { ...structure.condition, nodes: parts(structure.condition.nodes) },
              body: { ...structure.body, nodes: parts(structure.body.nodes) },
            },
          }),
  };
}

/** An input that has a default is that default, unless the signature says that it is fed. */
function withoutDefaults(nodes: DefGraph, signature: Signature): DefGraph {
  const fed = new Set(signature.inputs.map(({ ref }) => ref.node));
  const result = new Map(nodes);
  for (const node of nodes.values()) {
    if (node.type === 'PlaceholderWithDefault' && !fed.has(node.name) && node.inputs.length === 1) {
      result.set(node.name, { ...node, structure: { kind: 'same' } });
    }
  }
  return result;
}

/** A GraphDef does not say how many outputs a node has: as many as are read, at least. */
function countOutputs(
  nodes: DefGraph,
  outputs: readonly { readonly ref: SourceRef }[],
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const see = (ref: SourceRef): void => {
    counts.set(ref.node, Math.max(counts.get(ref.node) ?? 1, ref.output + 1));
  };
  const visit = ({ inputs, structure }: DefNode): void => {
    inputs.forEach(see);
    if (structure?.kind !== 'loop') return;
    [...structure.condition.nodes, ...structure.body.nodes].forEach(visit);
    [structure.condition.result, ...structure.body.results].forEach(see);
  };
  for (const node of nodes.values()) visit(node);
  outputs.forEach(({ ref }) => see(ref));
  return counts;
}

function readConstant(node: DefNode, files: ModelFiles): SourceConstant {
  const spec = files.specs.get(node.name);
  if (spec === undefined) {
    return fail({
      code: 'E706',
      message: `the constant ${JSON.stringify(node.name)} has no weight`,
      where: files.file,
      why: 'the graph refers to constants by name, and the weight manifest does not list this one',
      help: 'the graph and the weights belong to different models; download or convert the model again',
    });
  }
  const declared = Object.hasOwn(node.attrs, 'dtype') ? node.attrs['dtype'] : spec.dtype;
  return {
    name: node.name,
    dtype: checkType(spec.dtype, declared as string, node.name, files),
    shape: spec.shape,
  };
}

function checkType(stored: DType, declared: string, name: string, files: ModelFiles): DType {
  if (stored === declared) return stored;
  return fail({
    code: 'E706',
    message: `the weight ${JSON.stringify(name)} is stored as ${stored}, the graph says ${declared}`,
    where: files.file,
    help: 'the graph and the weights belong to different models; download or convert the model again',
  });
}
