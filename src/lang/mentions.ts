import type { Expr } from './ast.js';
import { functions } from './functions.js';

/** All names that an expression mentions, bound by its own `let` and `for` or not. */
export function mentions(expr: Expr, into = new Set<string>()): Set<string> {
  visitNames(expr, (name) => into.add(name));
  return into;
}

/** The names that an expression asks for their shape, size or element type, and those whose value it reads. */
export function tensorsAndValues(exprs: readonly Expr[]): {
  readonly tensors: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
} {
  const tensors = new Set<string>();
  const values = new Set<string>();
  for (const expr of exprs) visitNames(expr, (name, ofTensor) => (ofTensor ? tensors : values).add(name));
  return { tensors, values };
}

function visitNames(expr: Expr, visit: (name: string, ofTensor: boolean) => void): void {
  const inner = (part: Expr): void => visitNames(part, visit);
  switch (expr.kind) {
    case 'literal':
      break;
    case 'name':
      visit(expr.name, false);
      break;
    case 'list':
      expr.items.forEach(inner);
      break;
    case 'object':
      expr.entries.forEach((entry) => inner(entry.value));
      break;
    case 'field':
    case 'spread':
      inner(expr.of);
      break;
    case 'index':
      inner(expr.of);
      inner(expr.index);
      break;
    case 'call': {
      const [first, ...others] = expr.args;
      const ofTensor = functions.get(expr.callee.join('.'))?.kind === 'tensor';
      if (ofTensor && first?.kind === 'name') visit(first.name, true);
      else if (first !== undefined) inner(first);
      others.forEach(inner);
      break;
    }
    case 'unary':
      inner(expr.operand);
      break;
    case 'binary':
      inner(expr.left);
      inner(expr.right);
      break;
    case 'conditional':
      [expr.test, expr.then, expr.otherwise].forEach(inner);
      break;
    case 'each':
      [expr.body, expr.over, ...(expr.where ? [expr.where] : [])].forEach(inner);
      break;
    case 'let':
      expr.bindings.forEach((binding) => inner(binding.value));
      inner(expr.body);
  }
}
