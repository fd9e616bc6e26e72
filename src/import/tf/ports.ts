/** Inputs and outputs of a GraphModel, by the names that the TensorFlow.js runtime gives them. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { Dim, DType, Shape } from '../../ir/graph.js';
import type { SourcePort, SourceRef } from '../source-graph.js';
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
  const ports = [...new Set([...listed, ...others])].map((node) => {
    const entry = signature.inputs.find(({ ref }) => ref.node === node.name);
    const names = entry === undefined ? [node.name] : [node.name, entry.key];
    const key = names.find((name) => Object.hasOwn(given, name));
    return readInput(node, entry?.shape ?? null, key === undefined ? null : given[key]!, file);
  });
  const known = [...ports.map(({ name }) => name), ...signature.inputs.map(({ key }) => key)];
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    fail({
      code: 'E209',
      message: `the model has no input named ${JSON.stringify(unknown)}`,
      where: file,
      why: `its inputs are ${ports.map(({ name }) => name).join(', ')}`,
      help: 'name one of these in --input NAME=SHAPE',
    });
  }
  return ports;
}

function readInput(
  node: DefNode,
  stated: readonly number[] | null,
  given: Shape | null,
  file: string,
): SourcePort {
  const where = `input ${JSON.stringify(node.name)} of ${file}`;
  const own = Object.hasOwn(node.attrs, 'shape') ? (node.attrs['shape'] as readonly number[] | null) : null;
  return {
    name: node.name,
    dtype: inputType(node, where),
    shape: resolveShape(node, own, stated, given, where),
  };
}

/**
 * The shape of an input: what the user gives, else what the graph says, its unknown sizes filled in from the
 * signature; the first unknown size of all is the batch.
 */
function resolveShape(
  node: DefNode,
  own: readonly number[] | null,
  stated: readonly number[] | null,
  given: Shape | null,
  where: string,
): Shape {
  if (given !== null) {
    const shape = given.map((dim, i): Dim => (i === 0 && dim === -1 ? { batch: 1 } : dim));
    const fits =
      own === null ||
      (own.length === shape.length && own.every((size, i) => size === -1 || size === shape[i]));
    if (fits && shape.every((dim) => typeof dim !== 'number' || dim >= 0)) return shape;
    return fail({
      code: 'E209',
      message: `the shape ${printShape(given)} does not fit ${where}`,
      where,
      why: own === null ? 'only the first size may be N' : `the model says ${printShape(own)}`,
      help: `sizes that the model states stay as they are: --input ${node.name}=${printShape(own ?? given)}`,
    });
  }
  const known = own ?? stated;
  const shape = known?.map((size, i): Dim => {
    if (size !== -1) return size;
    if (i === 0) return { batch: 1 };
    return stated?.length === known.length ? stated[i]! : -1;
  });
  if (shape !== undefined && shape.every((dim) => dim !== -1)) return shape;
  return fail({
    code: 'E208',
    message: `the shape of ${where} is not known`,
    where,
    why:
      shape === undefined
        ? 'the model does not state its rank'
        : `the model says ${printShape(shape)}; only the batch may stay open`,
    help:
      `state it: --input ${node.name}=` +
      (shape === undefined ? 'N,…' : shape.map((dim) => (dim === -1 ? '<size>' : printDim(dim))).join(',')),
  });
}

function printShape(shape: Shape): string {
  return shape.map(printDim).join(',');
}

function printDim(dim: Dim): string {
  return typeof dim !== 'number' ? 'N' : dim === -1 ? '?' : String(dim);
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
