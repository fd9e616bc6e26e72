import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import type { RuleSet } from '../../src/lang/ast.js';
import { applyRewrites, type Rewritten } from '../../src/passes/rewrite.js';
import { rulesOf } from '../rules-of.js';

/** A few ops to rewrite: what the engine does must not depend on the core's rules. */
export const toyOps = `
/// x + y
op add(x, y) -> z { axes x[a...] y[b...] -> z[broadcast(a, b)...] commutes x, y emit tf.add(x, y) }
/// x * y
op mul(x, y) -> z { axes x[a...] y[b...] -> z[broadcast(a, b)...] commutes x, y emit tf.mul(x, y) }
/// x - y
op sub(x, y) -> z { axes x[a...] y[b...] -> z[broadcast(a, b)...] emit tf.sub(x, y) }
/// 1 / sqrt(x)
op rsqrt(x) -> y { axes x[a...] -> y[a...] emit tf.rsqrt(x) }
/// -x
op neg(x) -> y { axes x[a...] -> y[a...] emit tf.neg(x) }
/// max(x, 0)
op relu(x) -> y { axes x[a...] -> y[a...] emit tf.relu(x) }
/// Scaled.
op scaled(x, bias?) -> y { axes x[a...] bias[b...] -> y[broadcast(a, b)...] attrs by: float = 1 emit tf.mul(x, by) }
/// Another order.
op permute(x) -> y { attrs perm: int[] axes y = permute(x, perm) emit tf.transpose(x, perm) }
/// Another shape.
op reshape(x) -> y { attrs shape: int[] axes y = reshape(x, shape) emit tf.reshape(x, shape) }
/// To a type.
op cast(x) -> y { attrs to: dtype axes x[a...] -> y[a...] dtype y = to emit tf.cast(x, to) }
/// One after the other.
op concat(xs*) -> y { attrs axis: int axes xs*[lead..., c*, tail...] -> y[lead..., (+ c*), tail...] where |lead| = axis
  emit tf.concat(xs, axis) }
/// Parts.
op split(x) -> ys* { attrs axis: int, sizes: int[]
  axes x[lead..., (+ c*), tail...] -> ys*[lead..., c*, tail...] where |lead| = axis, |c*| = sizes emit tf.split(x, sizes, axis) }
infix + = add
infix * = mul
infix - = sub
`;

export function toyRules(rewrites = ''): RuleSet {
  return rulesOf(toyOps + rewrites);
}

export interface Rewriting extends Rewritten {
  /** The graph afterwards. */
  readonly text: string;
}

/** Applies all rewrites of some rules to a graph in text. */
export function rewrite(rules: RuleSet, text: string): Rewriting {
  const { graph, weights } = parseGraph(text, rules);
  const result = applyRewrites(graph, [...rules.rewrites.values()], { rules, weights });
  return { ...result, text: printGraph(result.graph, { provenance: false, weights: result.weights }) };
}

/** A graph with one input `%x: float32[N,4]`, and `%y` as output. */
export function body(...lines: string[]): string {
  return `graph "toy" {\n  input %x "x": float32[N,4]\n${lines.map((line) => `  ${line}\n`).join('')}  output "y": %y\n}\n`;
}
