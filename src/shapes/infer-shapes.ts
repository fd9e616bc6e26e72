/**
 * Shape inference of one node from its rule: solves the axes, fills in default attributes, and gives the types of
 * the results. Knows no operation; all of it is read off the rule.
 */
import { evaluate, type Scope } from '../lang/evaluate.js';
import type { AxisConstraint, Expr, OpRule, TensorPattern } from '../lang/ast.js';
import { mentions } from '../lang/mentions.js';
import type { Attr, Attrs, Dim, DType, TensorType } from '../ir/graph.js';
import { ShapeError } from './errors.js';
import { functionShape, type FunctionArg } from './functions.js';
import { inferenceKey } from './inference-key.js';
import { ruleInfo, type FunctionClause, type RuleInfo } from './rule-info.js';
import {
  align,
  broadcastShapes,
  emptySolution,
  sizeOf,
  solve,
  type Equation,
  type Solution,
} from './solve.js';

/** Operand types by name: one, a list for a variadic operand, null for an optional one left out. */
export type OperandTypes = Readonly<Record<string, TensorType | readonly TensorType[] | null>>;

export interface InferredNode {
  readonly results: readonly TensorType[];
  /** The given attributes, with defaults and axis-named ones filled in. */
  readonly attrs: Attrs;
  readonly solution: Solution;
}

const DTYPES: readonly DType[] = ['float32', 'int32', 'bool'];

/** The types of an operand: none for one left out. */
export function typesOf(
  operand: TensorType | readonly TensorType[] | null | undefined,
): readonly TensorType[] {
  if (operand === null || operand === undefined) return [];
  return 'dtype' in operand ? [operand] : operand;
}

/** What was inferred before, by rule. Networks repeat themselves, and every stage asks for every node. */
const inferred = new WeakMap<OpRule, Map<string, InferredNode>>();
/** So many for each rule: a network of nodes that are all different must not fill the memory. */
const mostInferred = 1000;

/**
 * Infers a node. Nodes with equal operands and attributes have the same result, which nobody changes.
 * @param resultCount How many results a variadic result has, where the axes don't say.
 * @throws ShapeError where operands and attributes don't fit the rule.
 */
export function inferNode(
  rule: OpRule,
  operands: OperandTypes,
  given: Attrs,
  resultCount?: number,
): InferredNode {
  let known = inferred.get(rule);
  if (known === undefined || known.size >= mostInferred) inferred.set(rule, (known = new Map()));
  const key = inferenceKey(operands, given, resultCount);
  let result = known.get(key);
  if (result === undefined) known.set(key, (result = inferAnew(rule, operands, given, resultCount)));
  return result;
}

function inferAnew(
  rule: OpRule,
  operands: OperandTypes,
  given: Attrs,
  resultCount: number | undefined,
): InferredNode {
  const info = ruleInfo(rule);
  const attrs: Record<string, Attr> = { ...given };
  const solution = emptySolution();
  const scope = nodeScope(rule, operands, attrs, solution);

  const late: (typeof rule.attrs)[number][] = [];
  for (const decl of rule.attrs) {
    if (attrs[decl.name] !== undefined && attrs[decl.name] !== null) {
      if (info.axes.has(decl.name)) solution.sizes.set(decl.name, attrs[decl.name] as Dim);
    } else if (decl.default === null) {
      if (!info.axes.has(decl.name)) throw new ShapeError(`attribute ${decl.name} is missing`, decl.span);
    } else if (needsAxes(decl.default, info, operands)) late.push(decl);
    else {
      const value = (attrs[decl.name] = evaluate(decl.default, scope));
      if (info.axes.has(decl.name)) solution.sizes.set(decl.name, value as Dim);
    }
  }

  if (info.signature !== null) solveOperands(rule, info, operands, scope, solution);
  for (const decl of rule.attrs) {
    const solved = solution.sizes.get(decl.name);
    if (attrs[decl.name] === undefined && decl.default === null && solved !== undefined)
      attrs[decl.name] = solved;
  }
  for (const { name, value, span } of rule.sizes) {
    const size = evaluate(value, scope);
    if (!isSize(size)) throw new ShapeError(`the size of axis ${name} is not a size`, span);
    solution.sizes.set(name, size);
  }
  for (const decl of late) attrs[decl.name] = evaluate(decl.default!, scope);

  const shapes = resultShapes(rule, info, operands, scope, solution, resultCount);
  const firstType = rule.operands.flatMap((operand) => typesOf(operands[operand.name]))[0];
  const results = shapes.map(({ result, shape }): TensorType => {
    const clause = rule.dtypes.find((d) => d.result === result);
    const dtype = clause === undefined ? (firstType?.dtype ?? 'float32') : evaluate(clause.value, scope);
    if (!DTYPES.includes(dtype as DType))
      throw new ShapeError(`${JSON.stringify(dtype)} is not an element type`);
    return { dtype: dtype as DType, shape };
  });
  return { results, attrs, solution };
}

const isSize = (value: Attr): value is Dim =>
  typeof value === 'number' || (typeof value === 'object' && value !== null && 'batch' in value);

function needsAxes(expr: Expr, info: RuleInfo, operands: OperandTypes): boolean {
  for (const name of mentions(expr)) if (info.axes.has(name) && !(name in operands)) return true;
  return false;
}

/** The names that expressions of a rule see while a node is inferred: attributes, axes as sizes, operands. */
export function nodeScope(
  rule: OpRule,
  operands: OperandTypes,
  attrs: Attrs,
  solution: Solution,
  results?: Readonly<Record<string, TensorType>>,
): Scope {
  const declared = new Set(rule.operands.map((operand) => operand.name));
  return {
    name: (name) => attrs[name] ?? solution.sizes.get(name) ?? (name in attrs ? null : undefined),
    tensor: (name) => (declared.has(name) ? (typesOf(operands[name])[0] ?? null) : results?.[name]),
    raw: (axis) => solution.sizes.get(axis),
    call: (fn, args) => (fn === 'len' ? countOf(args[0], rule, operands) : undefined),
  };
}

/** `len(xs)`: how many tensors a variadic operand has. */
function countOf(arg: Expr | undefined, rule: OpRule, operands: OperandTypes): number | undefined {
  const name = arg?.kind === 'name' ? arg.name : undefined;
  const variadic = rule.operands.some((operand) => operand.name === name && operand.kind === 'variadic');
  return name !== undefined && variadic ? typesOf(operands[name]).length : undefined;
}

function solveOperands(
  rule: OpRule,
  info: RuleInfo,
  operands: OperandTypes,
  scope: Scope,
  solution: Solution,
): void {
  const signature = info.signature!;
  const ranks = new Map<string, number>();
  let equations: Equation[] = [];
  const tensors = signature.operands.flatMap((pattern) =>
    typesOf(operands[pattern.tensor]).map((type, member) => ({ pattern, type, member })),
  );
  applyConstraints(signature.where, scope, solution, ranks, (name) => rankForNegative(name, tensors));

  let waiting = tensors;
  while (waiting.length > 0) {
    const next: typeof tensors = [];
    for (const tensor of waiting) {
      const aligned = align(tensor.pattern, tensor.type.shape.length, (name) => ranks.get(name));
      if (aligned === null) next.push(tensor);
      else {
        for (const { axis, start, count } of aligned) {
          const dims = tensor.type.shape.slice(start, start + count);
          if (axis.kind === 'rest') bindRest(axis.name, dims, ranks, solution, tensor.pattern);
          else if (axis.kind !== 'broadcast') {
            equations.push({ axis, size: dims[0]!, member: tensor.member, tensor: tensor.pattern.tensor });
          }
        }
      }
    }
    if (next.length === waiting.length) {
      const { pattern } = next[0]!;
      throw new ShapeError(`how many axes the rests of ${pattern.tensor} cover can't be told`, pattern.span);
    }
    waiting = next;
  }
  for (;;) {
    const open = equations.filter((equation) => !solve(equation, solution));
    if (open.length === equations.length) {
      if (open.length > 0) {
        throw new ShapeError(
          `the axes of ${open[0]!.tensor} can't be told apart: more than one size is unknown`,
          open[0]!.axis.span,
        );
      }
      break;
    }
    equations = open;
  }
}

/** Where `|lead|` is negative it counts from the end of the tensor that shows `lead`. */
function rankForNegative(
  rest: string,
  tensors: readonly { readonly pattern: TensorPattern; readonly type: TensorType }[],
): number | undefined {
  return tensors.find(({ pattern }) => pattern.dims.some((d) => d.kind === 'rest' && d.name === rest))?.type
    .shape.length;
}

function applyConstraints(
  where: readonly AxisConstraint[],
  scope: Scope,
  solution: Solution,
  ranks: Map<string, number>,
  rankOf: (rest: string) => number | undefined,
): void {
  for (const { left, right, span } of where) {
    const value = evaluate(right, scope);
    if (left.kind === 'rank') {
      if (typeof value !== 'number') throw new ShapeError(`|${left.name}| must be a whole number`, span);
      solution.counts.set(left.name, value);
      ranks.set(left.name, value < 0 ? value + (rankOf(left.name) ?? 0) : value);
    } else if (left.kind === 'size') {
      if (value === null) continue;
      if (!isSize(value)) throw new ShapeError(`the size of axis ${left.name} is not a size`, span);
      solution.sizes.set(left.name, value);
    } else {
      if (!Array.isArray(value) || !value.every(isSize))
        throw new ShapeError(`|${left.name}*| must be a list of sizes`, span);
      solution.families.set(left.name, [...(value as Dim[])]);
    }
  }
}

function bindRest(
  name: string,
  dims: readonly Dim[],
  ranks: Map<string, number>,
  solution: Solution,
  pattern: TensorPattern,
): void {
  const known = solution.rests.get(name);
  ranks.set(name, dims.length);
  if (known === undefined) solution.rests.set(name, dims);
  else if (
    known.length !== dims.length ||
    known.some((d, i) => JSON.stringify(d) !== JSON.stringify(dims[i]))
  ) {
    throw new ShapeError(
      `the axes ${name}... of ${pattern.tensor} differ from those of another operand`,
      pattern.span,
    );
  }
}

function resultShapes(
  rule: OpRule,
  info: RuleInfo,
  operands: OperandTypes,
  scope: Scope,
  solution: Solution,
  resultCount: number | undefined,
): { readonly result: string; readonly shape: readonly Dim[] }[] {
  return rule.results.flatMap((decl) => {
    const byFunction = info.functions.find((clause) => clause.result === decl.name);
    if (byFunction !== undefined) {
      const shape = functionShape(byFunction.function, functionArgs(byFunction, rule, operands, scope));
      return [{ result: decl.name, shape }];
    }
    const pattern = info.signature?.results.find((p) => p.tensor === decl.name);
    if (pattern === undefined)
      throw new ShapeError(`the rule of ${rule.name} gives no axes for result ${decl.name}`, rule.span);
    const count = decl.kind === 'one' ? 1 : memberCount(pattern, solution, resultCount);
    return Array.from({ length: count }, (_, member) => ({
      result: decl.name,
      shape: pattern.dims.flatMap((axis) => {
        if (axis.kind === 'rest') return [...(solution.rests.get(axis.name) ?? [])];
        if (axis.kind === 'broadcast')
          return broadcastShapes(axis.names.map((n) => solution.rests.get(n) ?? []));
        const size = sizeOf(axis, solution, member);
        if (size === undefined)
          throw new ShapeError(`an axis of result ${decl.name} has no known size`, axis.span);
        return [size];
      }),
    }));
  });
}

function memberCount(pattern: TensorPattern, solution: Solution, resultCount: number | undefined): number {
  for (const axis of pattern.dims) {
    const family = axis.kind === 'each' ? solution.families.get(axis.name) : undefined;
    if (family !== undefined) return family.length;
  }
  const stated = solution.counts.get(pattern.tensor);
  if (stated !== undefined) return stated;
  if (resultCount !== undefined) return resultCount;
  throw new ShapeError(`how many results ${pattern.tensor}* has can't be told`, pattern.span);
}

/** The arguments of an axis function at a node. */
export function functionArgs(
  clause: FunctionClause,
  rule: OpRule,
  operands: OperandTypes,
  scope: Scope,
): FunctionArg[] {
  const declared = new Set(rule.operands.map((operand) => operand.name));
  return clause.args.map((arg) =>
    arg.kind === 'name' && declared.has(arg.name)
      ? { kind: 'tensor', types: typesOf(operands[arg.name]) }
      : { kind: 'attr', value: evaluate(arg, scope) },
  );
}
