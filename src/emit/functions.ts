/**
 * The functions of the emitted module: the pieces of the schedule, without the ones too small to be worth a function,
 * and with the ones too long cut where few values cross.
 */
import { operandValues, type Graph, type Node, type ValueId } from '../ir/graph.js';
import type { Piece } from './schedule.js';
import { maxStatements, minStatements } from './scopes.js';

export type Statement =
  { readonly kind: 'node'; readonly node: Node } | { readonly kind: 'call'; readonly fn: Fn };

/** One function. */
export interface Fn {
  /** The scope in the source model. */
  readonly path: readonly string[];
  /** Which consecutive part of the scope it is, from 1, where a scope was cut; else null. */
  readonly part: number | null;
  readonly statements: readonly Statement[];
  /** Values made outside that it reads, in the order of reading. Parameters of the model are not among them. */
  readonly inputs: readonly ValueId[];
  /** Values that it makes and that are read outside. */
  readonly outputs: readonly ValueId[];
}

/** A function before it is known which of its values are read outside. */
interface Draft {
  readonly path: readonly string[];
  readonly part: number | null;
  readonly statements: readonly Part[];
  readonly made: ReadonlySet<ValueId>;
  /** Made outside. */
  readonly read: ReadonlySet<ValueId>;
}
type Part =
  { readonly node: Node; readonly made: Iterable<ValueId>; readonly read: Iterable<ValueId> } | Draft;

/** Makes functions of a schedule: the one of the whole model, in whose statements the others are. */
export function functionsOf(root: Piece, graph: Graph): Fn {
  const draft = draftOf(root.group.path, null, partsOf(root, graph));
  return finished(draft, new Set(graph.outputs.map(({ value }) => value)));
}

/** The values that a node needs, parameters excepted: its operands, or an input that tells the batch size. */
export function valuesRead(node: Node, graph: Graph): ValueId[] {
  const operands = operandValues(node).filter((id) => graph.parameters[id] === undefined);
  const hasBatch = (id: ValueId): boolean => graph.values[id]!.shape.some((size) => typeof size !== 'number');
  if (!node.results.some(hasBatch) || operands.some(hasBatch)) return operands;
  const source = graph.inputs.find(({ value }) => hasBatch(value));
  return source === undefined ? operands : [...operands, source.value];
}

/** The statements of a piece: at most so many, and small pieces inside written out. */
function partsOf(piece: Piece, graph: Graph): Part[] {
  const parts = piece.items.flatMap((item): Part[] => {
    if (item.kind === 'node')
      return [{ node: item.node, made: item.node.results, read: valuesRead(item.node, graph) }];
    const inner = partsOf(item.piece, graph);
    return inner.length < minStatements ? inner : [draftOf(item.piece.group.path, null, inner)];
  });
  return cut(parts, piece.group.path);
}

function draftOf(path: readonly string[], part: number | null, statements: readonly Part[]): Draft {
  const made = new Set<ValueId>();
  const read = new Set<ValueId>();
  for (const statement of statements) {
    for (const id of statement.read) if (!made.has(id)) read.add(id);
    for (const id of statement.made) made.add(id);
  }
  return { path, part, statements, made, read };
}

/** Cuts a sequence that is too long for one function into consecutive ones. */
function cut(parts: Part[], path: readonly string[]): Part[] {
  let level = parts;
  while (level.length > maxStatements) {
    const crossing = valuesCrossing(level);
    const next: Part[] = [];
    for (let start = 0; start < level.length;) {
      const end = bestCut(start, level.length, crossing);
      next.push(draftOf(path, next.length + 1, level.slice(start, end)));
      start = end;
    }
    level = next;
  }
  return level;
}

/** Where to end a function that starts here: where the fewest values cross, rather late than early. */
function bestCut(start: number, length: number, crossing: readonly number[]): number {
  if (length - start <= maxStatements) return length;
  const last = Math.min(start + maxStatements, length - minStatements);
  let best = last;
  for (let end = last; end >= start + maxStatements / 3; end--)
    if (crossing[end]! < crossing[best]!) best = end;
  return best;
}

/** For every position, how many values made before it are read after it. */
function valuesCrossing(parts: readonly Part[]): number[] {
  const madeAt = new Map<ValueId, number>();
  const lastRead = new Map<ValueId, number>();
  parts.forEach((part, i) => {
    for (const id of part.read) if (madeAt.has(id)) lastRead.set(id, i);
    for (const id of part.made) madeAt.set(id, i);
  });
  const changes = new Array<number>(parts.length + 1).fill(0);
  for (const [id, i] of lastRead) {
    changes[madeAt.get(id)! + 1]!++;
    changes[i + 1]!--;
  }
  let sum = 0;
  return changes.map((change) => (sum += change));
}

/** Finds out what each function gives back: what is read after it, in it or around it. */
function finished(draft: Draft, readOutside: ReadonlySet<ValueId>): Fn {
  const needed = new Set(readOutside);
  const statements: Statement[] = [];
  // From the end, so that everything read later is known.
  for (const part of [...draft.statements].reverse()) {
    if ('node' in part) statements.push({ kind: 'node', node: part.node });
    else {
      const outputs = new Set([...part.made].filter((id) => needed.has(id)));
      statements.push({ kind: 'call', fn: finished(part, outputs) });
    }
    for (const id of part.read) needed.add(id);
  }
  return {
    path: draft.path,
    part: draft.part,
    statements: statements.reverse(),
    inputs: [...draft.read],
    outputs: [...draft.made].filter((id) => readOutside.has(id)),
  };
}
