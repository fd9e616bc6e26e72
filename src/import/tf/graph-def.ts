/** A GraphDef in JSON, as nodes by name: the format's structure, checked; no operation is known here. */
import { fail } from '../../diagnostics/diagnostic.js';
import type { Attrs } from '../../ir/graph.js';
import type { SourceRef, SourceStructure } from '../source-graph.js';
import { asArray, asObject, asString, field } from '../files/json.js';
import type { Json, JsonObject } from '../files/json.js';
import { readAttributes } from './attributes.js';
import type { DefLoop } from './loops.js';

export interface DefNode {
  readonly name: string;
  readonly type: string;
  readonly inputs: readonly SourceRef[];
  readonly attrs: Attrs;
  /** Control flow and lists, as far as the format says what they are. */
  readonly structure?: DefLoop | Exclude<SourceStructure, { readonly kind: 'loop' }>;
}

export type DefGraph = ReadonlyMap<string, DefNode>;

/** Reads `modelTopology.node`; inputs that only order the execution (`^node`) are dropped. */
export function readGraphDef(topology: JsonObject, file: string): DefGraph {
  const nodes = new Map<string, DefNode>();
  for (const json of asArray(field(topology, 'node'), '`modelTopology.node`', file)) {
    const node = readNode(json, file);
    if (nodes.has(node.name)) {
      malformedGraph(file, `two nodes are named ${JSON.stringify(node.name)}`, 'a name must be unique');
    }
    nodes.set(node.name, node);
  }
  for (const node of nodes.values()) {
    for (const input of node.inputs) {
      if (!nodes.has(input.node)) {
        malformedGraph(
          file,
          `node ${JSON.stringify(node.name)} reads ${JSON.stringify(input.node)}, which does not exist`,
          'every input must name a node of the graph',
        );
      }
    }
  }
  return nodes;
}

function readNode(json: Json, file: string): DefNode {
  const object = asObject(json, 'a node', file);
  const name = asString(field(object, 'name'), "a node's `name`", file);
  const where = `node ${JSON.stringify(name)} of ${file}`;
  const inputs = asArray(field(object, 'input') ?? [], '`input`', where)
    .map((input) => asString(input, 'an input', where))
    .filter((input) => !input.startsWith('^'))
    .map((input) => parseRef(input, where));
  return {
    name,
    type: asString(field(object, 'op'), '`op`', where),
    inputs,
    attrs: readAttributes(field(object, 'attr'), where),
  };
}

/** `node` or `node:1`. */
export function parseRef(text: string, where: string): SourceRef {
  const match = /^([^:]+)(?::(\d{1,6}))?$/.exec(text);
  if (match === null) {
    return fail({
      code: 'E213',
      message: `${JSON.stringify(text)} does not name an output of a node`,
      where,
      why: 'outputs are named `node` or `node:1`',
    });
  }
  return { node: match[1]!, output: Number(match[2] ?? 0) };
}

/** The other way round; the first output goes by the node's name alone. */
export function printRef(ref: SourceRef): string {
  return ref.output === 0 ? ref.node : `${ref.node}:${ref.output}`;
}

/** The nodes that `roots` need, each after the nodes it reads. */
export function sortNodes(nodes: DefGraph, roots: readonly string[], file: string): DefNode[] {
  const sorted: DefNode[] = [];
  const state = new Map<string, 'open' | 'done'>();
  // An explicit stack, because graphs are deeper than the call stack.
  const stack = roots.map((name) => ({ name, next: 0 })).reverse();
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    const node = nodes.get(top.name);
    if (node === undefined) {
      malformedGraph(
        file,
        `${JSON.stringify(top.name)} is read from outside of the loop that it is in`,
        'a loop is left by its exits alone',
      );
    }
    if (state.get(top.name) === 'done') {
      stack.pop();
      continue;
    }
    state.set(top.name, 'open');
    const input = node.inputs[top.next++];
    if (input === undefined) {
      state.set(top.name, 'done');
      sorted.push(node);
      stack.pop();
      continue;
    }
    const seen = state.get(input.node);
    if (seen === 'open') {
      malformedGraph(file, `node ${JSON.stringify(input.node)} depends on itself`, 'a graph has no cycles');
    }
    if (seen === undefined) stack.push({ name: input.node, next: 0 });
  }
  return sorted;
}

function malformedGraph(file: string, message: string, why: string): never {
  fail({
    code: 'E213',
    message,
    where: file,
    why,
    help: 'the graph is damaged; convert or download the model again',
  });
}
