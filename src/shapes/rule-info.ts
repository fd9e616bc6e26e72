/** Facts about a rule's signature that do not depend on the node: computed once per rule. */
import type { AxisExpr, OpRule } from '../lang/ast.js';
import { mentions } from '../lang/mentions.js';

export type SignatureClause = Extract<OpRule['axes'][number], { kind: 'signature' }>;
export type FunctionClause = Extract<OpRule['axes'][number], { kind: 'function' }>;

export interface RuleInfo {
  readonly signature: SignatureClause | null;
  readonly functions: readonly FunctionClause[];
  /** Names of single axes, rests and families in the signature. */
  readonly axes: ReadonlySet<string>;
  /** Those that are rests, any number of dimensions each. */
  readonly rests: ReadonlySet<string>;
  /** Which operands show an axis (by name of axis). */
  readonly inOperands: ReadonlyMap<string, ReadonlySet<string>>;
  readonly inResults: ReadonlySet<string>;
  /** Axes that the `sizes` clause computes with: windows slide over them. */
  readonly inSizes: ReadonlySet<string>;
}

const cache = new WeakMap<OpRule, RuleInfo>();

export function ruleInfo(rule: OpRule): RuleInfo {
  const known = cache.get(rule);
  if (known !== undefined) return known;
  const signature = rule.axes.find((clause) => clause.kind === 'signature') ?? null;
  const patterns = [...(signature?.operands ?? []), ...(signature?.results ?? [])];
  const inOperands = new Map<string, Set<string>>();
  const inResults = new Set<string>();
  for (const pattern of signature?.operands ?? []) {
    for (const name of pattern.dims.flatMap(axisNames)) {
      const operands = inOperands.get(name) ?? new Set<string>();
      inOperands.set(name, operands.add(pattern.tensor));
    }
  }
  for (const pattern of signature?.results ?? []) {
    for (const name of pattern.dims.flatMap(axisNames)) inResults.add(name);
  }
  const inSizes = new Set<string>();
  for (const { value } of rule.sizes) mentions(value, inSizes);
  const info: RuleInfo = {
    signature,
    functions: rule.axes.filter((clause) => clause.kind === 'function'),
    axes: new Set([...inOperands.keys(), ...inResults]),
    rests: new Set(
      patterns.flatMap(({ dims }) => dims.flatMap((axis) => (axis.kind === 'rest' ? [axis.name] : []))),
    ),
    inOperands,
    inResults,
    inSizes,
  };
  cache.set(rule, info);
  return info;
}

/** The names of axes, rests and families in an axis expression. */
export function axisNames(axis: AxisExpr): string[] {
  switch (axis.kind) {
    case 'literal':
      return [];
    case 'axis':
    case 'each':
    case 'sumOf':
    case 'rest':
      return [axis.name];
    case 'broadcast':
      return [...axis.names];
    case 'product':
      return axis.factors.flatMap(axisNames);
    case 'sum':
      return axis.terms.flatMap(axisNames);
  }
}
