/** The terms of axis functions' results. One function each; shapes have been checked by `src/shapes`. */
import type { AxisFunctionName } from '../lang/ast.js';
import type { Dim } from '../ir/graph.js';
import { isOne, isZero, productOf, sameSize } from '../ir/sizes.js';
import {
  axisIndex,
  dimsArg,
  flagArg,
  intsArg,
  overArg,
  parseEquation,
  reducedAxes,
  reshapeTarget,
  sliceSegments,
  squeezedAxes,
  tensorArg,
  type FunctionArg,
} from '../shapes/functions.js';
import { find, type TermNode } from './terms.js';
import type { Unifier } from './unify.js';

/** What an axis function does to axes. */
export interface FunctionTerms {
  readonly result: readonly TermNode[];
  /** Dimensions of operand members that end here: their values are added up. */
  readonly ends: readonly { readonly arg: number; readonly member: number; readonly dim: number }[];
  /** Axes by name (the letters of an einsum). */
  readonly axes: ReadonlyMap<string, readonly TermNode[]>;
}

type Terms = readonly TermNode[];

/**
 * @param terms For each argument that is an operand, the terms of its members' dimensions.
 */
export function functionTerms(
  name: AxisFunctionName,
  args: readonly FunctionArg[],
  terms: readonly (readonly Terms[])[],
  unifier: Unifier,
): FunctionTerms {
  const only = (result: Terms): FunctionTerms => ({ result, ends: [], axes: new Map() });
  const x = terms[0]?.[0] ?? [];
  switch (name) {
    case 'permute':
      return only(intsArg(args, 1, 'the permutation').map((axis) => x[axisIndex(axis, x.length)]!));
    case 'reshape':
      return only(reshapeTerms(x, reshapeTarget(tensorArg(args, 0), dimsArg(args, 1, 'the shape')), unifier));
    case 'slice':
      return only(sliceTerms(x, args, unifier));
    case 'pad': {
      const before = intsArg(args, 1, 'the padding before');
      const after = intsArg(args, 2, 'the padding after');
      return only(x.map((term, i) => padTerm(term, before[i]!, after[i]!, unifier)));
    }
    case 'reduce': {
      const over = reducedAxes(x.length, overArg(args, 1));
      const ends = [...over].map((dim) => ({ arg: 0, member: 0, dim }));
      const one = (): TermNode => unifier.frozenLeaf(1, 'a size of one');
      const result = flagArg(args, 2)
        ? x.map((term, i) => (over.has(i) ? one() : term))
        : x.filter((_, i) => !over.has(i));
      return { result, ends, axes: new Map() };
    }
    case 'broadcast': {
      const target = dimsArg(args, 1, 'the shape');
      return only(
        target.map((size, i) => {
          const own = x[i - (target.length - x.length)];
          return own !== undefined && sameSize(find(own).size, size) ? own : unifier.leaf(size);
        }),
      );
    }
    case 'squeeze': {
      const gone = squeezedAxes(tensorArg(args, 0), intsArg(args, 1, 'the squeezed axes'));
      return only(x.filter((_, i) => !gone.has(i)));
    }
    case 'expand': {
      const at = axisIndex(intsArg(args, 1, 'the axis')[0] ?? 0, x.length + 1);
      return only([...x.slice(0, at), unifier.frozenLeaf(1, 'a size of one'), ...x.slice(at)]);
    }
    case 'tile': {
      const reps = dimsArg(args, 1, 'the repetitions');
      return only(
        x.map((term, i) =>
          isOne(reps[i]!)
            ? term
            : unifier.product([unifier.frozenLeaf(reps[i]!, 'it counts the repetitions of a tile'), term]),
        ),
      );
    }
    case 'gather': {
      const indices = terms[1]?.[0] ?? [];
      const axis = axisIndex(intsArg(args, 2, 'the axis')[0] ?? 0, x.length);
      const batch = args.length > 3 ? (intsArg(args, 3, 'the batch axes')[0] ?? 0) : 0;
      unifier.mark(x[axis]!, 'frozen', 'indices choose from it');
      for (let i = 0; i < batch; i++) {
        if (!isOne(find(x[i]!).size) && !isOne(find(indices[i]!).size)) unifier.unify(x[i]!, indices[i]!);
      }
      return only([...x.slice(0, axis), ...indices.slice(batch), ...x.slice(axis + 1)]);
    }
    case 'einsum':
      return einsumTerms(args, terms, unifier);
    case 'fixed': {
      return only(dimsArg(args, 0, 'the shape').map((size) => unifier.frozenLeaf(size, 'the rule fixes it')));
    }
  }
}

/**
 * Walks source and target axes from the major end; where their products meet, a block ends. In a block, one target
 * is the product of its sources, one source is split into its targets; several to several are unified factor by factor.
 */
function reshapeTerms(x: Terms, target: readonly Dim[], unifier: Unifier): TermNode[] {
  const sources = x.filter((term) => !isOne(find(term).size));
  const targets = target.flatMap((size, i) => (isOne(size) ? [] : [{ size, i }]));
  if (target.some(isZero))
    return target.map((size) => unifier.frozenLeaf(size, 'an empty tensor has no channels'));
  const result = target.map((size): TermNode | null =>
    isOne(size) ? unifier.frozenLeaf(1, 'a size of one') : null,
  );
  let s = 0;
  let t = 0;
  while (t < targets.length) {
    const block: TermNode[] = [sources[s]!];
    const goals = [targets[t]!];
    s++;
    t++;
    for (;;) {
      const have = productOf(block.map((term) => find(term).size));
      const want = productOf(goals.map((goal) => goal.size));
      if (sameSize(have, want)) break;
      if (needsMore(have, want) && s < sources.length) block.push(sources[s++]!);
      else if (t < targets.length) goals.push(targets[t++]!);
      else block.push(sources[s++]!);
    }
    if (goals.length === 1) {
      result[goals[0]!.i] = unifier.product(block);
    } else {
      const from = unifier.product(block);
      const leaves = goals.map((goal) => unifier.leaf(goal.size));
      // What a reshape splits off as a major factor (heads, groups of a shuffle) was not a channel before.
      if (find(from).kind === 'leaf') {
        leaves
          .slice(0, -1)
          .forEach((leaf) => unifier.mark(leaf, 'keep', 'a reshape split it off as a major factor'));
      }
      unifier.unify(from, unifier.product(leaves));
      goals.forEach((goal, i) => (result[goal.i] = leaves[i]!));
    }
  }
  return result.map((term) => term!);
}

/** Whether the sources of a block must grow: their product is the smaller one. */
function needsMore(have: Dim, want: Dim): boolean {
  const value = (d: Dim): number => (typeof d === 'number' ? d : d.batch * 1e9);
  return value(have) < value(want);
}

function sliceTerms(x: Terms, args: readonly FunctionArg[], unifier: Unifier): TermNode[] {
  const strides = args.length > 3 ? intsArg(args, 3, 'the strides') : [];
  const segments = sliceSegments(
    tensorArg(args, 0),
    intsArg(args, 1, 'the begin'),
    dimsArg(args, 2, 'the size'),
    strides,
  );
  return x.map((term, i) => {
    const { begin, size, stride } = segments[i]!;
    if (sameSize(find(term).size, size)) return term;
    if (stride === 1) return unifier.segment(term, begin, size as number);
    unifier.mark(term, 'frozen', 'a slice takes every other element of it');
    return unifier.frozenLeaf(size, 'a slice takes every other element');
  });
}

/** Padding is an axis of its own: where a padded shortcut meets channels, they can go together. */
function padTerm(term: TermNode, before: number, after: number, unifier: Unifier): TermNode {
  if (before === 0 && after === 0) return term;
  return unifier.sum([unifier.leaf(before), term, unifier.leaf(after)]);
}

function einsumTerms(
  args: readonly FunctionArg[],
  terms: readonly (readonly Terms[])[],
  unifier: Unifier,
): FunctionTerms {
  const equation = args[1]!.kind === 'attr' ? (args[1]!.value as string) : '';
  const { inputs, output } = parseEquation(equation);
  const axes = new Map<string, TermNode>();
  const ends: { arg: number; member: number; dim: number }[] = [];
  inputs.forEach((letters, member) => {
    [...letters].forEach((letter, dim) => {
      const own = terms[0]![member]![dim]!;
      const known = axes.get(letter);
      if (known === undefined) axes.set(letter, own);
      else unifier.unify(own, known);
      if (!output.includes(letter)) ends.push({ arg: 0, member, dim });
    });
  });
  return {
    result: [...output].map((letter) => axes.get(letter)!),
    ends,
    axes: new Map([...axes].map(([letter, term]) => [letter, [term]])),
  };
}
