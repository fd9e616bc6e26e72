import type { Expr } from './ast.js';

/** All names that an expression mentions, bound by its own `let` and `for` or not. */
export function mentions(expr: Expr, into = new Set<string>()): Set<string> {
  switch (expr.kind) {
    case 'literal':
      break;
    case 'name':
      into.add(expr.name);
      break;
    case 'list':
      expr.items.forEach((item) => mentions(item, into));
      break;
    case 'object':
      expr.entries.forEach((entry) => mentions(entry.value, into));
      break;
    case 'field':
    case 'spread':
      mentions(expr.of, into);
      break;
    case 'index':
      mentions(expr.of, into);
      mentions(expr.index, into);
      break;
    case 'call':
      expr.args.forEach((arg) => mentions(arg, into));
      break;
    case 'unary':
      mentions(expr.operand, into);
      break;
    case 'binary':
      mentions(expr.left, into);
      mentions(expr.right, into);
      break;
    case 'conditional':
      [expr.test, expr.then, expr.otherwise].forEach((part) => mentions(part, into));
      break;
    case 'each':
      [expr.body, expr.over, ...(expr.where ? [expr.where] : [])].forEach((part) => mentions(part, into));
      break;
    case 'let':
      expr.bindings.forEach((binding) => mentions(binding.value, into));
      mentions(expr.body, into);
  }
  return into;
}
