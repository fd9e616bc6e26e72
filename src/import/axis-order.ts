/** Where a `from` states another axis order than the op: the permutation between the two. */
import { fail } from '../diagnostics/diagnostic.js';
import type { AxisExpr, OpRule, RuleSet, TensorPattern } from '../lang/ast.js';

/**
 * The axes of `to` in terms of `from`: axis i of `to` is axis `result[i]` of `from`. Null for the same order.
 * @param rank How many axes the tensor has; rests share what the single axes leave.
 */
export function axisOrder(
  from: readonly AxisExpr[],
  to: readonly AxisExpr[],
  rank: number,
): readonly number[] | null | 'incomparable' {
  const source = expand(from, rank);
  const target = expand(to, rank);
  if (source === null || target === null || source.length !== rank || target.length !== rank)
    return 'incomparable';
  const places = new Map(source.map((key, i) => [key, i]));
  const order = target.map((key) => places.get(key) ?? -1);
  if (places.size !== rank || order.includes(-1) || new Set(order).size !== rank) return 'incomparable';
  return order.every((axis, i) => axis === i) ? null : order;
}

/** The other way round. */
export function inverseOrder(order: readonly number[]): number[] {
  const inverse = new Array<number>(order.length);
  order.forEach((axis, i) => (inverse[axis] = i));
  return inverse;
}

/** First the one, then the other. */
export function composeOrders(first: readonly number[], second: readonly number[]): number[] {
  return second.map((axis) => first[axis]!);
}

/** One key an axis: rests are counted out, equal literals are numbered. Null: two rests can't be told apart. */
function expand(dims: readonly AxisExpr[], rank: number): string[] | null {
  const rests = dims.filter(({ kind }) => kind === 'rest' || kind === 'broadcast').length;
  const inRest = rank - (dims.length - rests);
  if (rests > 1 || (rests === 0 ? inRest !== 0 : inRest < 0)) return null;
  let literals = 0;
  return dims.flatMap((dim) => {
    if (dim.kind === 'rest' || dim.kind === 'broadcast') {
      return Array.from({ length: inRest }, (_, i) => `${printAxis(dim)}#${i}`);
    }
    return [dim.kind === 'literal' ? `${dim.size}@${literals++}` : printAxis(dim)];
  });
}

/** `(h w c)`, as the rule has it. */
export function printAxis(axis: AxisExpr): string {
  switch (axis.kind) {
    case 'axis':
      return axis.name;
    case 'literal':
      return String(axis.size);
    case 'product':
      return `(${axis.factors.map(printAxis).join(' ')})`;
    case 'sum':
      return `(${axis.terms.map(printAxis).join(' + ')})`;
    case 'each':
      return `${axis.name}*`;
    case 'sumOf':
      return `(+ ${axis.name}*)`;
    case 'rest':
      return `${axis.name}...`;
    case 'broadcast':
      return `broadcast(${axis.names.join(', ')})...`;
  }
}

/** The axes that an op's signature gives for one of its operands or results. */
export function signatureOf(
  op: OpRule,
  side: 'operands' | 'results',
  tensor: string,
): TensorPattern | undefined {
  for (const clause of op.axes) {
    if (clause.kind !== 'signature') continue;
    const pattern = clause[side].find((candidate) => candidate.tensor === tensor);
    if (pattern !== undefined) return pattern;
  }
  return undefined;
}

/** The op that permutes axes, with its operand and attribute: found by its axes, `y = permute(x, perm)`. */
export function permutingOp(rules: RuleSet): {
  readonly op: OpRule;
  readonly operand: string;
  readonly attr: string;
} {
  for (const op of rules.ops.values()) {
    for (const clause of op.axes) {
      if (clause.kind !== 'function' || clause.function !== 'permute') continue;
      const [operand, attr] = clause.args;
      if (operand?.kind !== 'name' || attr?.kind !== 'name') continue;
      if (op.attrs.some(({ name }) => name === attr.name))
        return { op, operand: operand.name, attr: attr.name };
    }
  }
  return fail({
    code: 'E205',
    message: 'no op of the rules permutes axes',
    why: 'a `from` states an axis order of its own, and the importer has to put in a permutation',
    help: 'load the core rules, or declare an op with the axes `y = permute(x, perm)`',
  });
}
