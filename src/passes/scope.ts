/** What expressions of a rewrite can ask: attributes of matched nodes, types of values, and facts of the graph. */
import { DiagnosticError, type Span } from '../diagnostics/diagnostic.js';
import { type Binding, type Locals } from '../ir/build.js';
import { operandValues, type Attr, type Operand, type TensorType } from '../ir/graph.js';
import { elementCount, sameType } from '../ir/types.js';
import type { Expr, RewriteRule } from '../lang/ast.js';
import { backendName } from '../lang/backends.js';
import { evaluate, EvaluationError, type Scope } from '../lang/evaluate.js';
import { lookUp, type Bindings } from './match.js';
import type { WorkGraph } from './work-graph.js';

const noLocals: Locals = new Map();

/** Values that were built but are not in the graph yet have a type all the same. */
export type TypeOf = WorkGraph['type'];

/** Evaluates an expression of a rewrite; a problem in it is a problem of the rule. */
export function evaluateInRewrite(
  expr: Expr,
  rewrite: RewriteRule,
  bindings: Bindings | null,
  work: WorkGraph,
  locals: Locals = noLocals,
  typeOf: TypeOf = (id) => work.type(id),
): Attr {
  try {
    return evaluate(expr, rewriteScope(bindings, work, locals, typeOf));
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    throw rewriteError(rewrite, 'E822', error.message, error.span);
  }
}

export function rewriteError(
  rewrite: RewriteRule,
  code: string,
  message: string,
  span?: Span,
): DiagnosticError {
  return new DiagnosticError([
    { code, severity: 'error', message: `rewrite ${rewrite.name}: ${message}`, span: span ?? rewrite.span },
  ]);
}

function rewriteScope(bindings: Bindings | null, work: WorkGraph, locals: Locals, typeOf: TypeOf): Scope {
  const operand = (name: string): Operand | undefined => operandOf(bindings, locals, name);
  return {
    name: (name) => {
      const local = locals.get(name);
      if (local !== undefined) return local.kind === 'attr' ? local.value : undefined;
      const bound = lookUp(bindings, name);
      if (bound === undefined && name === backendName) return work.backend;
      return bound?.kind === 'node' ? (bound.node.attrs as Attr) : undefined;
    },
    tensor: (name) => {
      const value = operand(name);
      if (value === undefined || value === null) return value;
      const id = typeof value === 'string' ? value : value[0];
      return id === undefined ? null : typeOf(id);
    },
    call: (fn, args) => {
      const values = args.map((arg) => (arg.kind === 'name' ? operand(arg.name) : undefined));
      const known = values.filter((value) => value !== undefined);
      if (known.length !== args.length) return undefined;
      return askGraph(fn, known, work, typeOf);
    },
  };
}

/** Functions about values of the graph; undefined where it is another function. */
function askGraph(
  fn: string,
  operands: readonly Operand[],
  work: WorkGraph,
  typeOf: TypeOf,
): Attr | undefined {
  const [first, second] = operands.map((operand) => (operand === null ? [] : [operand].flat()));
  const [id, other] = [first?.[0], second?.[0]];
  switch (fn) {
    case 'is_constant':
      // What is left out is not computed either.
      return first!.every((each) => work.isConstant(each));
    case 'number':
      return id === undefined ? null : work.uniform(id);
    case 'uses':
      return first!.reduce((sum, each) => sum + work.uses(each), 0);
    case 'op':
      return id === undefined ? null : (work.producer(id)?.op ?? null);
    case 'makers':
      return first!.map((each) => {
        const maker = work.producer(each);
        const reads = maker === undefined ? [] : operandValues(maker);
        return {
          op: maker?.op ?? null,
          attrs: maker?.attrs ?? {},
          reads: reads.map((value) => work.producer(value)?.op ?? null),
        };
      });
    case 'same_type':
      return id !== undefined && other !== undefined && sameType(typeOf(id), typeOf(other));
    case 'along_last':
      return id !== undefined && other !== undefined && isAlongLast(typeOf(id), typeOf(other));
    case 'len':
      return Array.isArray(operands[0]) ? operands[0].length : undefined;
    default:
      return undefined;
  }
}

/** Whether a tensor broadcasts to another with one number for each place of its last axis, or one for all. */
function isAlongLast(tensor: TensorType, of: TensorType): boolean {
  if (tensor.shape.length > of.shape.length) return false;
  const count = elementCount(tensor.shape);
  return count === 1 || (count !== null && count === tensor.shape.at(-1) && count === of.shape.at(-1));
}

/** The value that a name stands for: a local one first, then what the left side bound; a node is its results. */
export function operandOf(bindings: Bindings | null, locals: Locals, name: string): Operand | undefined {
  const local: Binding | undefined = locals.get(name);
  if (local !== undefined) return local.kind === 'tensor' ? local.value : undefined;
  const bound = lookUp(bindings, name);
  if (bound === undefined) return undefined;
  if (bound.kind === 'operand') return bound.value;
  return bound.node.results.length === 1 ? bound.node.id : bound.node.results;
}
