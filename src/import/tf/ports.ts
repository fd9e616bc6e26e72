/** Inputs and outputs of a GraphModel, by the names that the TensorFlow.js runtime gives them. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { DType, Shape } from '../../ir/graph.js';
import type { SourcePort, SourceRef } from '../source-graph.js';
import { resolveShapes, type OpenShape } from '../input-shapes.js';
import { asObject, asString, field, isObject } from '../files/json.js';
import type { JsonObject } from '../files/json.js';
import { readShape } from './attributes.js';
import { parseRef, printRef } from './graph-def.js';
import type { DefGraph, DefNode } from './graph-def.js';

interface SignatureEntry {
  readonly key: string;
  readonly ref: SourceRef;
  readonly shape: readonly number[] | null;
}

export interface Signature {
  readonly inputs: readonly SignatureEntry[];
  readonly outputs: readonly SignatureEntry[];
}

/** The signature, which `userDefinedMetadata` may override as it does in the runtime; empty where there is none. */
export function readSignature(model: JsonObject, file: string): Signature {
  const metadata = field(model, 'userDefinedMetadata');
  const overriding = isObject(metadata) ? field(metadata, 'signature') : undefined;
  const signature = overriding ?? field(model, 'signature');
  if (!isObject(signature)) return { inputs: [], outputs: [] };
  const entries = (side: string): SignatureEntry[] => {
    const map = field(signature, side);
    if (map === undefined || map === null) return [];
    return Object.entries(asObject(map, `\`signature.${side}\``, file)).map(([key, json]) => {
      const where = `${JSON.stringify(key)} in the signature of ${file}`;
      const entry = asObject(json, 'the entry', where);
      const shape = field(entry, 'tensorShape');
      return {
        key,
        ref: parseRef(asString(field(entry, 'name'), '`name`', where), where),
        shape: isObject(shape) ? readShape(shape, where) : null,
      };
    });
  };
  return { inputs: entries('inputs'), outputs: entries('outputs') };
}

/** Whether the node is fed from outside: structure of the format, as `Const` is. */
export function isPlaceholder(node: DefNode): boolean {
  return node.type === 'Placeholder' || node.type === 'PlaceholderV2';
}

/** The inputs in the signature's order, then those that it leaves out. */
export function readInputs(
  nodes: DefGraph,
  signature: Signature,
  given: Readonly<Record<string, Shape>>,
  file: string,
): SourcePort[] {
  const listed = signature.inputs
    .map((entry) => nodes.get(entry.ref.node))
    .filter((node) => node !== undefined);
  const others = [...nodes.values()].filter((node) => isPlaceholder(node) && !listed.includes(node));
  const inputs = [...new Set([...listed, ...others])].map((node) => {
    const entry = signature.inputs.find(({ ref }) => ref.node === node.name);
    const own = Object.hasOwn(node.attrs, 'shape') ? (node.attrs['shape'] as readonly number[] | null) : null;
    return {
      node,
      name: node.name,
      aliases: entry === undefined ? [] : [entry.key],
      own: own === null ? null : openShape(own),
      stated: entry?.shape ? openShape(entry.shape) : null,
    };
  });
  const shapes = resolveShapes(inputs, given, file);
  return inputs.map(({ node, name }, i) => ({
    name,
    dtype: inputType(node, `input ${JSON.stringify(name)} of ${file}`),
    shape: shapes[i]!,
  }));
}

function openShape(shape: readonly number[]): OpenShape {
  return shape.map((size) => (size === -1 ? null : size));
}

function inputType(node: DefNode, where: string): DType {
  const dtype = Object.hasOwn(node.attrs, 'dtype') ? node.attrs['dtype'] : 'float32';
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  return fail({
    code: 'E214',
    message: `${where} is not a tensor of numbers`,
    where,
    why: `its type is ${String(dtype)}`,
    help: 'remove the part of the model that reads it (preprocessing of text, variables) before converting it',
  });
}

/**
 * The outputs: those asked for, else the signature's, else every node that nothing reads.
 * They go by their node's name, and `node:1` for further outputs of the same node.
 */
export function readOutputs(
  nodes: DefGraph,
  signature: Signature,
  asked: readonly string[] | undefined,
  file: string,
): { readonly name: string; readonly ref: SourceRef }[] {
  const refs =
    asked !== undefined
      ? asked.map((name) => signature.outputs.find(({ key }) => key === name)?.ref ?? parseRef(name, file))
      : signature.outputs.length > 0
        ? signature.outputs.map(({ ref }) => ref)
        : unreadNodes(nodes);
  const outputs = new Map<string, SourceRef>();
  for (const ref of refs) {
    if (!nodes.has(ref.node)) {
      fail({
        code: 'E215',
        message: `the model has no node named ${JSON.stringify(ref.node)}`,
        where: file,
        why: asked === undefined ? 'its signature lists it as an output' : 'it was asked for as an output',
        help: 'name a node of the graph, such as the signature’s outputs',
      });
    }
    outputs.set(printRef(ref), ref);
  }
  return [...outputs].map(([name, ref]) => ({ name, ref }));
}

function unreadNodes(nodes: DefGraph): SourceRef[] {
  const read = new Set([...nodes.values()].flatMap((node) => node.inputs.map((input) => input.node)));
  return [...nodes.values()]
    .filter((node) => !read.has(node.name) && node.inputs.length > 0)
    .map((node) => ({ node: node.name, output: 0 }));
}
