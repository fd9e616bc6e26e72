/** What a `from` clause does with the names that it binds. */
import type { FromClause } from '../lang/ast.js';
import { tensorsAndValues } from '../lang/mentions.js';
import { walkBuild } from '../lang/walk-build.js';

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
  if (clause.expansion !== null) {
    walkBuild(clause.expansion, {
      tensor: (name) => built.add(name),
      expr: (expr) => exprs.push(expr),
      over: (expr) => (expr.kind === 'name' ? built.add(expr.name) : exprs.push(expr)),
    });
  }
  const { tensors, values } = tensorsAndValues(exprs);
  const names = { built, typesOnly: new Set([...tensors].filter((name) => !values.has(name))) };
  known.set(clause, names);
  return names;
}
