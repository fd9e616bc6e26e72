/** Which sizes of axes follow from the shapes of the operands, without knowing any shape. */
import type { AxisExpr, OpRule, TensorPattern } from '../ast.js';

export interface SolvedAxes {
  /** Axes, rests and `c*` whose sizes are known once the operands' shapes are. */
  readonly known: ReadonlySet<string>;
  /** Dimensions of operands that leave a size open: a product or a sum with two or more unknowns. */
  readonly open: readonly { readonly dim: AxisExpr; readonly names: readonly string[] }[];
  /** Patterns in which more than one rest has an unknown number of axes. */
  readonly openRests: readonly { readonly pattern: TensorPattern; readonly names: readonly string[] }[];
}

/**
 * Goes over the operands' patterns until nothing more follows. Optional operands don't count: they may be absent.
 * An attribute named like an axis counts only where nothing else gives the size.
 */
export function solveAxes(op: OpRule): SolvedAxes {
  const signatures = op.axes.filter((clause) => clause.kind === 'signature');
  const known = new Set([
    ...signatures.flatMap((signature) => signature.where.map((constraint) => constraint.left.name)),
    ...op.sizes.map((size) => size.name),
  ]);
  const optional = new Set(op.operands.filter((o) => o.kind === 'optional').map((o) => o.name));
  const patterns = signatures
    .flatMap((signature) => signature.operands)
    .filter((pattern) => !optional.has(pattern.tensor));

  settle(patterns, known);
  const withAttrs = new Set([...known, ...op.attrs.map((attr) => attr.name)]);
  settle(patterns, withAttrs);
  return { known, open: openDims(patterns, withAttrs), openRests: openRests(patterns, known) };
}

/** Adds to `known` all that follows from it. */
function settle(patterns: readonly TensorPattern[], known: Set<string>): void {
  for (let before = -1; before !== known.size;) {
    before = known.size;
    for (const pattern of patterns) {
      const rests = unknownRests(pattern, known);
      if (rests.length === 1) known.add(rests[0]!);
      for (const dim of pattern.dims) {
        const unknown = unknownIn(dim, known);
        if (unknown.length === 1) known.add(unknown[0]!);
      }
    }
  }
}

function unknownRests(pattern: TensorPattern, known: ReadonlySet<string>): string[] {
  const rests = pattern.dims.flatMap((dim) =>
    dim.kind === 'rest' && !known.has(dim.name) ? [dim.name] : [],
  );
  return [...new Set(rests)];
}

/** The names in a dimension whose sizes are still open. `(+ c*)` alone says only what the sizes add up to. */
function unknownIn(dim: AxisExpr, known: ReadonlySet<string>): string[] {
  switch (dim.kind) {
    case 'axis':
    case 'each':
      return known.has(dim.name) ? [] : [dim.name];
    case 'sumOf':
      return known.has(dim.name) ? [] : [dim.name, dim.name];
    case 'product':
      return dim.factors.flatMap((factor) => unknownIn(factor, known));
    case 'sum':
      return dim.terms.flatMap((term) => unknownIn(term, known));
    default:
      return [];
  }
}

function openDims(
  patterns: readonly TensorPattern[],
  known: ReadonlySet<string>,
): { dim: AxisExpr; names: string[] }[] {
  return patterns.flatMap((pattern) =>
    pattern.dims.flatMap((dim) => {
      const names = [...new Set(unknownIn(dim, known))];
      return names.length > 0 ? [{ dim, names }] : [];
    }),
  );
}

function openRests(
  patterns: readonly TensorPattern[],
  known: ReadonlySet<string>,
): { pattern: TensorPattern; names: string[] }[] {
  return patterns.flatMap((pattern) => {
    const names = unknownRests(pattern, known);
    return names.length > 1 ? [{ pattern, names }] : [];
  });
}
