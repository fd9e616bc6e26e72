/** Ops that keep every element and only put them in another order or shape. */
import type { AxisFunctionName, OpRule } from '../lang/ast.js';

const relayouts: ReadonlySet<AxisFunctionName> = new Set(['permute', 'reshape', 'squeeze', 'expand']);

/** Permutations, reshapes and the like; and ops whose emit is their operand as it is. */
export function isRelayout({ axes, emits }: OpRule): boolean {
  const [emit] = emits;
  if (emits.length === 1 && emit?.value.kind === 'name') return true;
  return (
    axes.length > 0 && axes.every((clause) => clause.kind === 'function' && relayouts.has(clause.function))
  );
}
