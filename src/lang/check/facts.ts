/** What the checks need to know of an op, read off its declaration once. */
import type { AttrDecl, AxisExpr, OpRule, TensorPattern } from '../ast.js';
import { solveAxes, type SolvedAxes } from './solve.js';

export interface OpFacts {
  readonly op: OpRule;
  readonly operands: readonly string[];
  readonly results: readonly string[];
  readonly attrs: ReadonlyMap<string, AttrDecl>;
  /** Axes of signatures, by name: `c` is one axis, `c...` any number, `c*` one in every tensor of a variadic. */
  readonly axes: ReadonlyMap<string, 'axis' | 'rest' | 'each'>;
  readonly solved: SolvedAxes;
  /** Attributes that every `from` and every rewrite must give. */
  readonly required: readonly string[];
}

/** All patterns of an op's signatures. */
export function patternsOf(op: OpRule): { operands: TensorPattern[]; results: TensorPattern[] } {
  const signatures = op.axes.filter((clause) => clause.kind === 'signature');
  return {
    operands: signatures.flatMap((signature) => signature.operands),
    results: signatures.flatMap((signature) => signature.results),
  };
}

export function factsOf(op: OpRule): OpFacts {
  const { operands, results } = patternsOf(op);
  const axes = new Map<string, 'axis' | 'rest' | 'each'>();
  for (const pattern of [...operands, ...results]) {
    for (const dim of pattern.dims)
      for (const { name, kind } of namesIn(dim)) if (!axes.has(name)) axes.set(name, kind);
  }
  const solved = solveAxes(op);
  const attrs = new Map(op.attrs.map((attr) => [attr.name, attr]));
  return {
    op,
    operands: op.operands.map((operand) => operand.name),
    results: op.results.map((result) => result.name),
    attrs,
    axes,
    solved,
    required: op.attrs
      .filter(
        (attr) => attr.default === null && !(axes.get(attr.name) === 'axis' && solved.known.has(attr.name)),
      )
      .map((attr) => attr.name),
  };
}

export interface AxisName {
  readonly name: string;
  readonly kind: 'axis' | 'rest' | 'each';
  readonly span: AxisExpr['span'];
}

/** The names in one dimension of a pattern. */
export function namesIn(dim: AxisExpr): AxisName[] {
  switch (dim.kind) {
    case 'axis':
      return [{ name: dim.name, kind: 'axis', span: dim.span }];
    case 'each':
    case 'sumOf':
      return [{ name: dim.name, kind: 'each', span: dim.span }];
    case 'rest':
      return [{ name: dim.name, kind: 'rest', span: dim.span }];
    case 'broadcast':
      return dim.names.map((name) => ({ name, kind: 'rest', span: dim.span }));
    case 'product':
      return dim.factors.flatMap(namesIn);
    case 'sum':
      return dim.terms.flatMap(namesIn);
    case 'literal':
      return [];
  }
}
