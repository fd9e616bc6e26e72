/** Matches one source node with one `from` clause: which input is which name of the rule. */
import type { SourceInput, SourceNode, SourceRef } from './source-graph.js';
import type { FromClause, SourcePattern } from '../lang/ast.js';
import type { ParserRegistry } from './registry.js';

/** What a name of a `from` is bound to: an input, several, or none. */
export type BoundRef = SourceRef | readonly SourceRef[] | null;

export type Bind = Extract<SourcePattern, { kind: 'bind' }>;

export interface Binding {
  readonly pattern: Bind;
  readonly ref: BoundRef;
}

export type Bindings = ReadonlyMap<string, Binding>;

/** A match, or why there is none. */
export type MatchResult = { readonly bindings: Bindings } | { readonly mismatch: string };

export class Matcher {
  constructor(
    private readonly registry: ParserRegistry,
    /** The node that an output belongs to; undefined for inputs and constants. */
    private readonly producer: (ref: SourceRef) => SourceNode | undefined,
  ) {}

  /** Binds the inputs of a node to the arguments of a `from`. */
  match(node: SourceNode, from: FromClause): MatchResult {
    const bindings = new Map<string, Binding>();
    const mismatch = this.matchArgs(node, from.args, bindings);
    return mismatch === null ? { bindings } : { mismatch };
  }

  private matchArgs(
    node: SourceNode,
    patterns: readonly SourcePattern[],
    bindings: Map<string, Binding>,
  ): string | null {
    const named = node.inputs.some(({ name }) => name !== '');
    const assigned = named ? byName(node.inputs, patterns) : byPosition(node.inputs, patterns);
    if (typeof assigned === 'string') return assigned;
    for (const [i, pattern] of patterns.entries()) {
      const inputs = assigned[i]!;
      if (pattern.kind === 'ignore') continue;
      if (pattern.kind === 'bind') {
        const ref = pattern.arity === 'variadic' ? inputs : (inputs[0] ?? null);
        const before = bindings.get(pattern.name);
        if (before !== undefined && !sameRef(before.ref, ref)) {
          return `${pattern.name} stands for two different inputs`;
        }
        bindings.set(pattern.name, { pattern, ref });
        continue;
      }
      const mismatch = this.matchNested(inputs[0]!, pattern, bindings);
      if (mismatch !== null) return mismatch;
    }
    return null;
  }

  private matchNested(
    input: SourceInput,
    pattern: Extract<SourcePattern, { kind: 'node' }>,
    bindings: Map<string, Binding>,
  ): string | null {
    const inner = this.producer(input);
    if (inner === undefined || !this.registry.means(pattern.types, inner.type)) {
      const found = inner === undefined ? 'no operation' : inner.type;
      return `an operand must come from ${pattern.types.join(' or ')}, and comes from ${found}`;
    }
    return this.matchArgs(inner, pattern.args, bindings);
  }
}

/** In order; optional arguments take what is left over first, then the variadic one. */
function byPosition(
  inputs: readonly SourceInput[],
  patterns: readonly SourcePattern[],
): readonly (readonly SourceInput[])[] | string {
  const required = patterns.filter((pattern) => pattern.kind !== 'bind' || pattern.arity === 'one').length;
  const variadic = patterns.some((pattern) => pattern.kind === 'bind' && pattern.arity === 'variadic');
  const optional = patterns.filter(
    (pattern) => pattern.kind === 'bind' && pattern.arity === 'optional',
  ).length;
  let extra = inputs.length - required;
  if (extra < 0 || (!variadic && extra > optional)) {
    const least = variadic ? `at least ${required}` : String(required);
    const takes = optional > 0 && !variadic ? `${required} to ${required + optional}` : least;
    return `it takes ${takes} operand${takes === '1' ? '' : 's'}, and this node has ${inputs.length}`;
  }
  let next = 0;
  const take = (count: number): readonly SourceInput[] => inputs.slice(next, (next += count));
  const forVariadic = Math.max(0, extra - optional);
  const assigned: (readonly SourceInput[])[] = [];
  for (const pattern of patterns) {
    if (pattern.kind !== 'bind' || pattern.arity === 'one') assigned.push(take(1));
    else if (pattern.arity === 'variadic') assigned.push(take(forVariadic));
    else assigned.push(take(extra-- > 0 ? 1 : 0));
  }
  const absent = assigned.findIndex(([input], i) => input?.node === '' && !mayBeAbsent(patterns[i]!));
  if (absent >= 0) return `operand ${absent + 1} is left out, and the rule needs it`;
  return assigned.map((list) => list.filter((input) => input.node !== ''));
}

function mayBeAbsent(pattern: SourcePattern): boolean {
  return pattern.kind === 'ignore' || (pattern.kind === 'bind' && pattern.arity !== 'one');
}

/** By the names that the source gives its inputs; a variadic argument takes all inputs of its name, or the rest. */
function byName(
  inputs: readonly SourceInput[],
  patterns: readonly SourcePattern[],
): readonly (readonly SourceInput[])[] | string {
  const known = new Set(patterns.flatMap((pattern) => (pattern.kind === 'bind' ? [pattern.sourceName] : [])));
  const takesRest = patterns.some((pattern) => pattern.kind === 'bind' && pattern.arity === 'variadic');
  const unknown = inputs.find(({ name }) => !known.has(name));
  if (unknown !== undefined && !takesRest) return `it has no operand ${unknown.name}, and this node has one`;
  const assigned: (readonly SourceInput[])[] = [];
  for (const pattern of patterns) {
    if (pattern.kind !== 'bind') return 'nested patterns need a source whose inputs have no names';
    const own = inputs.filter(({ name }) => name === pattern.sourceName);
    if (pattern.arity === 'one' && own.length === 0) return `it needs an operand ${pattern.sourceName}`;
    const rest = pattern.arity === 'variadic' && own.length === 0;
    assigned.push(rest ? inputs.filter(({ name }) => !known.has(name)) : own);
  }
  return assigned;
}

function sameRef(a: BoundRef, b: BoundRef): boolean {
  if (a === null || b === null) return a === b;
  if ('node' in a && 'node' in b) return a.node === b.node && a.output === b.output;
  return false;
}
