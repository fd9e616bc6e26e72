/**
 * Two views of one model must have the same channels: what the rules for its backward graph couple and freeze, and what
 * those for its program do. A wrong rule does not survive this, and it costs nothing.
 */
import { inferAxes } from '../../axes/infer.js';
import { termLeaves, type AxisAnalysis } from '../../axes/analysis.js';
import { partsOf, type Term } from '../../axes/terms.js';
import { type Diagnostic, fail } from '../../diagnostics/diagnostic.js';
import type { Graph } from '../../ir/graph.js';
import { quotient } from '../../ir/sizes.js';
import type { RuleSet } from '../../lang/ast.js';
import { importGraph } from '../build-graph.js';
import { withSettled } from '../settled.js';
import type { SourceModel } from '../source-graph.js';
import { seenByAutograd } from './seen-by-autograd.js';

/** A model's graph by one set of rules, with its axes. */
export interface AnalysedGraph {
  readonly graph: Graph;
  readonly analysis: AxisAnalysis;
}

/**
 * Whether the backward graph of a model gives the same channel spaces as its program.
 * @returns what differs; nothing where the model has no backward graph
 * @throws DiagnosticError where an operation of the backward graph has no rule, or its end is left out
 */
export function channelSpacesAgree(
  model: Pick<SourceModel, 'backward' | 'weights'>,
  program: AnalysedGraph,
  rules: RuleSet,
): Diagnostic[] {
  if (model.backward === undefined) return [];
  const { graph: imported, tail } = importGraph(model.backward, model.weights, rules);
  if (tail !== null) return endsEarly(tail.node, tail.why);
  const graph = withSettled(imported, rules);
  const backward = { graph, analysis: inferAxes(graph, rules) };
  const problems = compareSpaces(program, backward);
  if (problems.length === 0) return [];
  const seen = seenByAutograd(program.graph, graph);
  return seen === null
    ? problems
    : compareSpaces({ graph: seen, analysis: inferAxes(seen, rules) }, backward);
}

/** Axes are frozen where a graph ends: one that ends early has other spaces. */
function endsEarly(node: string, why: string): never {
  return fail({ code: 'E230', message: `the backward graph ends before "${node}": ${why}` });
}

/** A dimension of a parameter that both graphs have. */
interface SharedDim {
  readonly name: string;
  readonly program: Term;
  readonly backward: Term;
}

/** Compares the channel spaces of two graphs over the dimensions of parameters that both have. */
export function compareSpaces(program: AnalysedGraph, backward: AnalysedGraph): Diagnostic[] {
  const frozenIn = { program: frozenLeaves(program), backward: frozenLeaves(backward) };
  const dims = sharedDims(program, backward).map((dim) => ({
    ...dim,
    program: endToEnd(dim.program, frozenIn.program),
    backward: endToEnd(dim.backward, frozenIn.backward),
  }));
  const problems: Diagnostic[] = [];
  const toBackward = new Map<number, number>();
  const toProgram = new Map<number, number>();
  for (const dim of dims) {
    // What stays as it is in both graphs may be coupled in one with more than in the other.
    if (!canChange(dim.program, frozenIn.program) && !canChange(dim.backward, frozenIn.backward)) continue;
    if (structure(dim.program) !== structure(dim.backward)) {
      problems.push(
        differs(
          `${dim.name} is ${structure(dim.program)} in the program and ${structure(dim.backward)} in the backward graph`,
          'a dimension must be made of the same parts: (a + b) end to end, (a b) a product',
        ),
      );
      continue;
    }
    const leaves = termLeaves(dim.backward);
    for (const [i, leaf] of termLeaves(dim.program).entries()) {
      const partner = leaves[i]!;
      // Axes that stay as they are in both graphs may meet others in one of them: the places of an index, say.
      if (frozenIn.program.has(leaf) && frozenIn.backward.has(partner)) continue;
      const known = toBackward.get(leaf) ?? partner;
      const knownBack = toProgram.get(partner) ?? leaf;
      if (known !== partner || knownBack !== leaf) {
        const [view, other, sharer] =
          known !== partner
            ? ['the program', 'the backward graph', sharing(dims, dim, 'program', leaf)]
            : ['the backward graph', 'the program', sharing(dims, dim, 'backward', partner)];
        problems.push(
          differs(
            `${dim.name} is coupled with ${sharer} in ${view} and not in ${other}`,
            'the same channels must be pruned together, whichever graph they are read from',
          ),
        );
        continue;
      }
      if (!toBackward.has(leaf) && frozenIn.program.has(leaf) !== frozenIn.backward.has(partner)) {
        const [view, why] = frozenIn.program.has(leaf)
          ? ['the program', frozenIn.program.get(leaf)!]
          : ['the backward graph', frozenIn.backward.get(partner)!];
        problems.push(differs(`${dim.name} can be pruned by one graph, and not by ${view}`, why));
      }
      toBackward.set(leaf, partner);
      toProgram.set(partner, leaf);
    }
  }
  return problems;
}

function sharedDims(program: AnalysedGraph, backward: AnalysedGraph): SharedDim[] {
  const terms = ({ graph, analysis }: AnalysedGraph): Map<string, readonly Term[]> =>
    new Map(
      Object.entries(graph.parameters).map(([value, { name }]) => [name, analysis.terms.get(value) ?? []]),
    );
  const other = terms(backward);
  return [...terms(program)].flatMap(([name, dims]) => {
    const theirs = other.get(name);
    if (theirs?.length !== dims.length) return [];
    return dims.map((term, dim) => ({ name: `${name}[${dim}]`, program: term, backward: theirs[dim]! }));
  });
}

/**
 * A product with a major factor that can't be pruned, as the sum that it is: the gates of a recurrent layer are `(3 h)`
 * where one operation computes them, and `(h + h + h)` where an operation of each gate is seen.
 */
function endToEnd(term: Term, frozen: ReadonlyMap<number, string>): Term {
  if (term.kind === 'leaf') return term;
  if (term.kind === 'sum') {
    const terms = term.terms.map((part) => endToEnd(part, frozen));
    return { ...term, terms: terms.flatMap((part) => (part.kind === 'sum' ? part.terms : [part])) };
  }
  const [major, ...minor] = term.factors;
  if (major?.kind !== 'leaf' || !frozen.has(major.leaf) || typeof major.size !== 'number') return term;
  const size = quotient(term.size, major.size);
  const rest: Term =
    minor.length === 1 && minor[0] !== undefined ? minor[0] : { kind: 'product', factors: minor, size };
  const copy = endToEnd(rest, frozen);
  return { kind: 'sum', terms: Array.from({ length: major.size }, () => copy), size: term.size };
}

/** Whether any channel can go: an axis of size one keeps its only one. */
function canChange(term: Term, frozen: ReadonlyMap<number, string>): boolean {
  if (term.kind === 'leaf') return term.size !== 1 && !frozen.has(term.leaf);
  return partsOf(term).some((part) => canChange(part, frozen));
}

/** The leaves that can't be pruned, with the reason. */
function frozenLeaves({ analysis }: AnalysedGraph): ReadonlyMap<number, string> {
  return new Map(
    analysis.spaces.flatMap(({ leaf, frozen }) =>
      frozen[0] === undefined ? [] : [[leaf, frozen[0].message]],
    ),
  );
}

/** Another dimension that has the leaf, seen before this one. */
function sharing(
  dims: readonly SharedDim[],
  dim: SharedDim,
  view: 'program' | 'backward',
  leaf: number,
): string {
  const before = dims.slice(0, dims.indexOf(dim));
  return before.find((one) => termLeaves(one[view]).includes(leaf))?.name ?? 'itself';
}

/** The sizes of a dimension's parts: `64`, `(32 + 32)`, `(4 16)`. */
function structure(term: Term): string {
  if (term.kind === 'leaf') return typeof term.size === 'number' ? String(term.size) : `${term.size.batch}N`;
  return term.kind === 'sum'
    ? `(${term.terms.map(structure).join(' + ')})`
    : `(${term.factors.map(structure).join(' ')})`;
}

function differs(message: string, why: string): Diagnostic {
  return {
    code: 'E229',
    severity: 'error',
    message,
    where: 'the channel spaces of the two graphs',
    why,
    help: 'one of the rules for this part of the model is wrong: compare their `axes`, `from torch` and `from aten`',
  };
}
