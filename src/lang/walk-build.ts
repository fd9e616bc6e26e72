import type { Build, Expr } from './ast.js';

export interface BuildVisitor {
  tensor(name: string): unknown;
  expr(expr: Expr): unknown;
  /** What `for` goes over: a variadic operand, or a list. */
  over(expr: Expr): unknown;
}

/** Visits the values and the expressions of an expansion or of a rewrite's right side. */
export function walkBuild(build: Build, visitor: BuildVisitor): void {
  const walk = (part: Build): void => walkBuild(part, visitor);
  switch (build.kind) {
    case 'value':
      visitor.tensor(build.name);
      return;
    case 'scalar':
      visitor.expr(build.value);
      return;
    case 'node':
      for (const { value } of build.attrs) visitor.expr(value);
      return build.args.forEach(walk);
    case 'else':
      return [build.first, build.second].forEach(walk);
    case 'if':
      visitor.expr(build.test);
      return [build.then, build.otherwise].forEach(walk);
    case 'list':
      return build.items.forEach(walk);
    case 'each':
      visitor.over(build.over);
      return walk(build.body);
    case 'result':
      return walk(build.of);
    case 'let':
      return [...build.bindings.map(({ value }) => value), build.body].forEach(walk);
    case 'none':
      return;
  }
}
