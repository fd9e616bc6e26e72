/** What a `from` clause does with the names that it binds. */
import type { Build, Expr, FromClause } from '../lang/ast.js';
import { tensorsAndValues } from '../lang/mentions.js';

export interface ClauseNames {
  /** Values of the graph in its expansion. */
  readonly built: ReadonlySet<string>;
  /** Asked for their shape, size or element type, and for nothing else. */
  readonly typesOnly: ReadonlySet<string>;
}

const known = new WeakMap<FromClause, ClauseNames>();

/** The names of a clause, by what is done with them. */
export function clauseNames(clause: FromClause): ClauseNames {
  const cached = known.get(clause);
  if (cached !== undefined) return cached;
  const built = new Set<string>();
  const exprs = [...clause.lets, ...clause.attrs].map(({ value }) => value);
  if (clause.when !== null) exprs.push(clause.when);
  if (clause.expansion !== null) visitBuild(clause.expansion, built, exprs);
  const { tensors, values } = tensorsAndValues(exprs);
  const names = { built, typesOnly: new Set([...tensors].filter((name) => !values.has(name))) };
  known.set(clause, names);
  return names;
}

/** Collects the values of the graph that an expansion uses, and its expressions. */
function visitBuild(build: Build, built: Set<string>, exprs: Expr[]): void {
  const visit = (part: Build): void => visitBuild(part, built, exprs);
  switch (build.kind) {
    case 'value':
      built.add(build.name);
      break;
    case 'scalar':
      exprs.push(build.value);
      break;
    case 'node':
      build.args.forEach(visit);
      exprs.push(...build.attrs.map(({ value }) => value));
      break;
    case 'else':
      [build.first, build.second].forEach(visit);
      break;
    case 'if':
      exprs.push(build.test);
      [build.then, build.otherwise].forEach(visit);
      break;
    case 'list':
      build.items.forEach(visit);
      break;
    case 'each':
      if (build.over.kind === 'name') built.add(build.over.name);
      else exprs.push(build.over);
      visit(build.body);
      break;
    case 'result':
      visit(build.of);
      break;
    case 'let':
      build.bindings.forEach(({ value }) => visit(value));
      visit(build.body);
      break;
    case 'none':
      break;
  }
}
