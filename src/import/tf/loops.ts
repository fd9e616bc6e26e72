/**
 * TensorFlow 1 writes a loop as a cycle of control-flow nodes. Each variable of a loop is
 *
 *   Enter(start) -> Merge(Enter, NextIteration) -> Switch(Merge, LoopCond) -> 0: Exit, 1: the body -> NextIteration
 *
 * Here such a frame becomes one node with a condition and a body, so that the graph has no cycles.
 */
import type { SourceRef } from '../source-graph.js';
import type { DefGraph, DefNode } from './graph-def.js';

/** A loop in the terms of the format; its parts are still nodes of a GraphDef. */
export interface DefLoop {
  readonly kind: 'loop';
  readonly variables: readonly string[];
  readonly condition: { readonly nodes: readonly DefNode[]; readonly result: SourceRef };
  readonly body: { readonly nodes: readonly DefNode[]; readonly results: readonly SourceRef[] };
}

interface Variable {
  readonly merge: DefNode;
  readonly start: SourceRef;
  readonly next: SourceRef;
}

interface Frame {
  readonly name: string;
  readonly enters: readonly DefNode[];
  readonly variables: readonly Variable[];
  readonly condition: DefNode;
}

/** The graph with every loop that has this form as one node; inner loops first. Other nodes stay as they are. */
export function readLoops(nodes: DefGraph): DefGraph {
  const graph = new Map(nodes);
  const readers = new Readers(graph);
  let waiting = readFrames(nodes, readers);
  while (waiting.length > 0) {
    const later = waiting.filter((frame) => !foldFrame(frame, graph, readers));
    // What is left has no loop without another one inside: not of this form, and reported as a cycle.
    if (later.length === waiting.length) break;
    waiting = later;
  }
  return graph;
}

/** The nodes that read a node, among any inputs; loops that were put in are added. */
class Readers {
  private readonly readers = new Map<string, string[]>();
  constructor(private readonly graph: DefGraph) {
    for (const node of graph.values()) this.add(node);
  }

  add(node: DefNode): void {
    for (const input of node.inputs) {
      const list = this.readers.get(input.node) ?? [];
      this.readers.set(input.node, list);
      list.push(node.name);
    }
  }

  of(name: string): readonly string[] {
    return this.readers.get(name) ?? [];
  }

  /** Those of a type that read it first. */
  first(type: 'Merge' | 'Switch' | 'Exit', of: string): DefNode[] {
    return [...new Set(this.of(of))].flatMap((name) => {
      const node = this.graph.get(name);
      return node?.type === type && node.inputs[0]!.node === of ? [node] : [];
    });
  }
}

function readFrames(nodes: DefGraph, readers: Readers): Frame[] {
  const enters = new Map<string, DefNode[]>();
  for (const node of nodes.values()) {
    if (node.type !== 'Enter' || node.inputs.length === 0) continue;
    const name = Object.hasOwn(node.attrs, 'frame_name') ? String(node.attrs['frame_name']) : '';
    const list = enters.get(name) ?? [];
    enters.set(name, list);
    list.push(node);
  }
  return [...enters].flatMap(([name, list]) => {
    const variables = list.flatMap((enter) =>
      readers.first('Merge', enter.name).flatMap((merge) => readVariable(enter, merge, nodes) ?? []),
    );
    const conditions = variables.flatMap(({ merge }) =>
      readers.first('Switch', merge.name).flatMap(({ inputs }) => inputs[1]?.node ?? []),
    );
    const condition = nodes.get(conditions[0] ?? '');
    const whole = variables.length > 0 && condition?.type === 'LoopCond' && new Set(conditions).size === 1;
    return whole ? [{ name, enters: list, variables, condition }] : [];
  });
}

function readVariable(enter: DefNode, merge: DefNode, nodes: DefGraph): Variable | null {
  const next = nodes.get(merge.inputs[1]?.node ?? '');
  const [start] = enter.inputs;
  const [result] = next?.inputs ?? [];
  if (next?.type !== 'NextIteration' || start === undefined || result === undefined) return null;
  return { merge, start, next: result };
}

/** Puts one node in the place of the frame; false while there is another loop inside of it. */
function foldFrame(frame: Frame, graph: Map<string, DefNode>, readers: Readers): boolean {
  const name = uniqueName(frame.name === '' ? 'loop' : frame.name, graph);
  const variables = frame.variables.map((_, i) => uniqueName(`${name}/variable_${i}`, graph));
  const aliases = new Map<string, SourceRef>();
  const exits: { readonly node: DefNode; readonly output: number }[] = [];
  for (const [output, { merge }] of frame.variables.entries()) {
    const variable = { node: variables[output]!, output: 0 };
    aliases.set(merge.name, variable);
    for (const node of readers.first('Switch', merge.name)) {
      aliases.set(node.name, variable);
      exits.push(...readers.first('Exit', node.name).map((exit) => ({ node: exit, output })));
    }
  }
  // Values that do not change in the loop enter it as they are.
  for (const enter of frame.enters) if (!aliases.has(enter.name)) aliases.set(enter.name, enter.inputs[0]!);

  const results = frame.variables.map(({ next }) => next);
  const [result] = frame.condition.inputs;
  if (result === undefined) return false;
  const inside = new Inside(graph, aliases, frame, readers);
  const bodyNodes = inside.neededBy(results);
  const conditionNodes = inside.neededBy([result]);
  if (bodyNodes === null || conditionNodes === null) return false;

  const loop: DefLoop = {
    kind: 'loop',
    variables,
    condition: { nodes: conditionNodes, result: inside.resolve(result) },
    body: { nodes: bodyNodes, results: results.map((ref) => inside.resolve(ref)) },
  };
  for (const part of [...aliases.keys(), ...[...bodyNodes, ...conditionNodes].map((node) => node.name)])
    graph.delete(part);
  graph.delete(frame.condition.name);
  for (const { merge } of frame.variables) graph.delete(merge.inputs[1]!.node);
  const inputs = [...frame.variables.map(({ start }) => start), ...captured(loop)];
  const node: DefNode = { name, type: 'Loop', inputs, attrs: {}, structure: loop };
  graph.set(name, node);
  readers.add(node);
  for (const { node: exit, output } of exits) {
    graph.set(exit.name, { ...exit, inputs: [{ node: name, output }], structure: { kind: 'same' } });
  }
  return true;
}

/** Which nodes of a graph depend on a loop's variables. */
class Inside {
  private readonly dependent = new Set<string>();

  constructor(
    private readonly graph: DefGraph,
    private readonly aliases: ReadonlyMap<string, SourceRef>,
    frame: Frame,
    readers: Readers,
  ) {
    const variables = new Set(frame.variables.map(({ merge }) => merge.name));
    const ends = new Set(frame.variables.map(({ merge }) => merge.inputs[1]!.node));
    const queue = [...variables];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      for (const reader of readers.of(name)) {
        // What leaves a switch by its exit is outside again.
        const leaves =
          graph.get(reader)?.type === 'Exit' && variables.has(graph.get(name)?.inputs[0]?.node ?? '');
        if (leaves || ends.has(reader) || this.dependent.has(reader)) continue;
        this.dependent.add(reader);
        queue.push(reader);
      }
    }
  }

  /** Merges, switches and entries are what they hand on. */
  resolve(ref: SourceRef): SourceRef {
    return this.aliases.get(ref.node) ?? ref;
  }

  /** The nodes that depend on the variables, in order; null where they contain a loop. */
  neededBy(roots: readonly SourceRef[]): DefNode[] | null {
    const sorted: DefNode[] = [];
    const open = new Set<string>();
    const listed = new Set<string>();
    const stack = roots.map((ref) => ({ name: this.resolve(ref).node, next: 0 })).reverse();
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const node = this.dependent.has(top.name) ? this.graph.get(top.name) : undefined;
      if (node === undefined || listed.has(top.name)) {
        stack.pop();
        continue;
      }
      open.add(top.name);
      const input = node.inputs[top.next++];
      if (input !== undefined) {
        const { node: name } = this.resolve(input);
        if (open.has(name)) return null;
        if (!listed.has(name)) stack.push({ name, next: 0 });
        continue;
      }
      sorted.push(withRefs(node, (ref) => this.resolve(ref)));
      listed.add(top.name);
      open.delete(top.name);
      stack.pop();
    }
    return sorted;
  }
}

/** The node reading other values, also in the loops inside of it. */
function withRefs(node: DefNode, resolve: (ref: SourceRef) => SourceRef): DefNode {
  const inputs = node.inputs.map(resolve);
  if (node.structure?.kind !== 'loop') return { ...node, inputs };
  const { condition, body } = node.structure;
  return {
    ...node,
    inputs,
    structure: {
      ...node.structure,
      condition: {
        nodes: condition.nodes.map((part) => withRefs(part, resolve)),
        result: resolve(condition.result),
      },
      body: { nodes: body.nodes.map((part) => withRefs(part, resolve)), results: body.results.map(resolve) },
    },
  };
}

/** What the parts of a loop read from the graph around it. */
function captured(loop: DefLoop): SourceRef[] {
  const inside = new Set([...loop.variables, ...loop.condition.nodes.map(({ name }) => name)]);
  for (const { name } of loop.body.nodes) inside.add(name);
  const refs = [
    ...[...loop.condition.nodes, ...loop.body.nodes].flatMap(({ inputs }) => inputs),
    loop.condition.result,
    ...loop.body.results,
  ];
  const outside = refs.filter((ref) => !inside.has(ref.node));
  return [...new Map(outside.map((ref) => [`${ref.node}:${ref.output}`, ref])).values()];
}

function uniqueName(wanted: string, graph: DefGraph): string {
  let name = wanted;
  for (let i = 1; graph.has(name); i++) name = `${wanted}_${i}`;
  return name;
}
