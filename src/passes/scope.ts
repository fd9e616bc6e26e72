/** What expressions of a rewrite can ask: attributes of matched nodes, types of values, and facts of the graph. */
import { DiagnosticError, type Span } from '../diagnostics/diagnostic.js';
import { type Binding, type Locals } from '../ir/build.js';
import type { Attr, Operand, ValueId } from '../ir/graph.js';
import type { Expr, RewriteRule } from '../lang/ast.js';
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
  const single = (args: readonly Expr[]): ValueId | null => {
    const arg = args[0];
    const value = arg?.kind === 'name' ? operand(arg.name) : undefined;
    return typeof value === 'string' ? value : null;
  };
  return {
    name: (name) => {
      const local = locals.get(name);
      if (local !== undefined) return local.kind === 'attr' ? local.value : undefined;
      const bound = lookUp(bindings, name);
      return bound?.kind === 'node' ? (bound.node.attrs as Attr) : undefined;
    },
    tensor: (name) => {
      const value = operand(name);
      if (value === undefined || value === null) return value;
      const id = typeof value === 'string' ? value : value[0];
      return id === undefined ? null : typeOf(id);
    },
    call: (name, args) => {
      const arg = args[0];
      if (arg?.kind !== 'name' || args.length !== 1) return undefined;
      const value = operand(arg.name);
      if (value === undefined) return undefined;
      const id = single(args);
      switch (name) {
        case 'is_constant':
          return id !== null && work.isConstant(id);
        case 'number':
          return id === null ? null : work.uniform(id);
        case 'uses':
          return (value === null ? [] : [value].flat()).reduce((sum, each) => sum + work.uses(each), 0);
        case 'op': {
          const bound = lookUp(bindings, arg.name);
          const node = bound?.kind === 'node' ? bound.node : id === null ? undefined : work.producer(id);
          return node?.op ?? null;
        }
        case 'len':
          return typeof value === 'string' || value === null ? undefined : value.length;
        default:
          return undefined;
      }
    },
  };
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
