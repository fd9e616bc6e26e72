/** Matches the left side of a rewrite against a graph. */
import type { Attr, Node, Operand, ValueId } from '../ir/graph.js';
import { sameAttr } from '../ir/types.js';
import { printAttr, printId } from '../ir/print.js';
import type { Expr, Match, OpRule } from '../lang/ast.js';
import type { WorkGraph } from './work-graph.js';

/** What a name of the left side stands for. */
export type Bound =
  { readonly kind: 'operand'; readonly value: Operand } | { readonly kind: 'node'; readonly node: Node };

/** The names bound so far: a list that matching extends and drops again when it goes back. */
export interface Bindings {
  readonly name: string;
  readonly bound: Bound;
  readonly rest: Bindings | null;
}

export function lookUp(bindings: Bindings | null, name: string): Bound | undefined {
  for (let at = bindings; at !== null; at = at.rest) if (at.name === name) return at.bound;
  return undefined;
}

/** The nodes that a match covers, the root first. */
export interface Matched {
  readonly bindings: Bindings | null;
  readonly nodes: readonly Node[];
}

/** Told why a match went no further; the reason that got furthest is the one to show. */
export interface MatchTrace {
  note(progress: number, reason: () => string): void;
}

export interface MatchContext {
  readonly work: WorkGraph;
  /** Evaluates an attribute that the left side asks for. */
  evaluate(expr: Expr, bindings: Bindings | null): Attr;
  readonly trace?: MatchTrace;
}

export type NodePattern = Extract<Match, { kind: 'node' }>;
type Next = (matched: Matched) => boolean;

/**
 * Matches a pattern at a root node. Operands that commute are tried in every order.
 * @param accept Is asked for every way to match; the first that it accepts ends the search.
 */
export function matchPattern(
  pattern: NodePattern,
  root: Node,
  context: MatchContext,
  accept: (matched: Matched) => boolean,
): boolean {
  return matchNode(pattern, root, { bindings: null, nodes: [] }, context, accept);
}

/** How many nodes deep a pattern reaches. */
export function patternDepth(pattern: Match): number {
  return pattern.kind === 'node' ? 1 + Math.max(0, ...pattern.args.map(patternDepth)) : 0;
}

function matchNode(
  pattern: NodePattern,
  node: Node,
  matched: Matched,
  context: MatchContext,
  next: Next,
): boolean {
  const progress = matched.nodes.length;
  if (!pattern.ops.includes(node.op)) {
    context.trace?.note(progress, () => `${printId(node.id)} is ${node.op}, not ${pattern.ops.join(' or ')}`);
    return false;
  }
  for (const { name, value } of pattern.attrs) {
    const wanted = context.evaluate(value, matched.bindings);
    const actual = node.attrs[name];
    if (actual === undefined || !sameAttr(actual, wanted)) {
      context.trace?.note(
        progress,
        () =>
          `${name} of ${node.op} ${printId(node.id)} is ${actual === undefined ? 'not there' : printAttr(actual)}, not ${printAttr(wanted)}`,
      );
      return false;
    }
  }
  const covered: Matched = { bindings: matched.bindings, nodes: [...matched.nodes, node] };
  const named = pattern.as === null ? covered : bind(covered, pattern.as, { kind: 'node', node }, context);
  if (named === null) return false;
  const rule = context.work.rules.ops.get(node.op)!;
  return operandOrders(rule, node).some((operands) => {
    const pairs = pairArguments(pattern.args, rule, operands);
    if (pairs === null) {
      context.trace?.note(
        progress,
        () => `${node.op} ${printId(node.id)} has more or fewer operands than the pattern`,
      );
      return false;
    }
    return matchAll(pairs, 0, named, context, next);
  });
}

type Pair = readonly [Match, Operand];

function matchAll(
  pairs: readonly Pair[],
  at: number,
  matched: Matched,
  context: MatchContext,
  next: Next,
): boolean {
  const pair = pairs[at];
  if (pair === undefined) return next(matched);
  return matchOperand(pair[0], pair[1], matched, context, (more) =>
    matchAll(pairs, at + 1, more, context, next),
  );
}

function matchOperand(
  pattern: Match,
  operand: Operand,
  matched: Matched,
  context: MatchContext,
  next: Next,
): boolean {
  switch (pattern.kind) {
    case 'any':
      return next(matched);
    case 'value': {
      if (!fitsArity(pattern.arity, operand)) {
        context.trace?.note(matched.nodes.length, () => `the operand ${pattern.name} is left out`);
        return false;
      }
      const more = bind(matched, pattern.name, { kind: 'operand', value: operand }, context);
      return more !== null && next(more);
    }
    case 'number': {
      const number = typeof operand === 'string' ? context.work.uniform(operand) : null;
      if (number !== null && sameNumber(number, pattern.value)) return next(matched);
      context.trace?.note(
        matched.nodes.length,
        () =>
          `${printOperand(operand)} is ${number === null ? 'no constant' : String(number)}, not ${String(pattern.value)}`,
      );
      return false;
    }
    case 'node': {
      const producer = typeof operand === 'string' ? context.work.producer(operand) : undefined;
      if (producer?.id === operand && producer !== undefined)
        return matchNode(pattern, producer, matched, context, next);
      context.trace?.note(
        matched.nodes.length,
        () =>
          `${printOperand(operand)} is ${producer === undefined ? 'no result of a node' : 'not a first result'}; the pattern asks for ${pattern.ops.join(' or ')}`,
      );
      return false;
    }
  }
}

function fitsArity(arity: 'one' | 'optional' | 'variadic', operand: Operand): boolean {
  if (arity === 'variadic') return Array.isArray(operand);
  return typeof operand === 'string' || (operand === null && arity === 'optional');
}

/** Binds a name; a name that is bound already must mean the same. */
function bind(matched: Matched, name: string, bound: Bound, context: MatchContext): Matched | null {
  const known = lookUp(matched.bindings, name);
  if (known === undefined) return { nodes: matched.nodes, bindings: { name, bound, rest: matched.bindings } };
  if (sameBound(known, bound)) return matched;
  context.trace?.note(matched.nodes.length, () => `${name} would be two different values`);
  return null;
}

function sameBound(a: Bound, b: Bound): boolean {
  if (a.kind === 'node') return b.kind === 'node' && a.node.id === b.node.id;
  return b.kind === 'operand' && sameAttr(a.value, b.value);
}

/**
 * Pairs a pattern's arguments with operands. Arguments that a pattern leaves out must be absent; where the op takes a
 * list and the pattern names single values, they stand for the members of the list.
 */
function pairArguments(args: readonly Match[], rule: OpRule, operands: readonly Operand[]): Pair[] | null {
  const variadic = rule.operands.findIndex(({ kind }) => kind === 'variadic');
  const list = variadic < 0 ? null : operands[variadic];
  const whole = args.some((arg) => arg.kind === 'value' && arg.arity === 'variadic');
  const flat =
    Array.isArray(list) && !whole ? operands.flatMap((operand) => operand as ValueId | null) : operands;
  if (args.length > flat.length) return null;
  const rest = flat.slice(args.length);
  if (rest.some((operand) => operand !== null)) return null;
  return args.map((arg, index) => [arg, flat[index]!]);
}

/** The operands as they stand, then with those exchanged that commute. */
function operandOrders(rule: OpRule, node: Node): Operand[][] {
  const names = rule.operands.map(({ name }) => name);
  const straight = names.map((name) => node.operands[name] ?? null);
  const places = rule.commutes.map((name) => names.indexOf(name));
  return permutations(places).map((order) => {
    const operands = [...straight];
    places.forEach((place, index) => {
      operands[place] = straight[order[index]!]!;
    });
    return operands;
  });
}

function permutations(items: readonly number[]): number[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}

/** Equal to the precision of a float32, in which constants of models are stored. */
function sameNumber(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b));
}

function printOperand(operand: Operand): string {
  if (operand === null) return 'an operand that is left out';
  return typeof operand === 'string' ? printId(operand) : 'a list of values';
}
