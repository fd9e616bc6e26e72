/**
 * Settles what depends on more than one declaration: which op an infix operator builds, and whether a name on the
 * right side of a rewrite is a tensor or a number.
 */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Build, FromClause, Match, OpRule, RewriteRule, SourcePattern } from './ast.js';

const operators = new Set(['+', '-', '*', '/', '%', 'div', '==', '!=', '<', '<=', '>', '>=']);

interface Names {
  /** Tensors: what the left side binds, and what `let` and `for` bind. */
  readonly tensors: ReadonlySet<string>;
  /** Matched nodes: their fields are attributes. */
  readonly nodes: ReadonlySet<string>;
  /** Whether any other name is a number: an attribute of the source node. */
  readonly othersAreNumbers: boolean;
}

interface Context {
  readonly infix: ReadonlyMap<string, string>;
  readonly diagnostics: Diagnostic[];
}

/** A rewrite with every operator and name on its right side settled. */
export function resolveRewrite(
  rewrite: RewriteRule,
  infix: ReadonlyMap<string, string>,
  diagnostics: Diagnostic[],
): RewriteRule {
  const tensors = new Set<string>();
  const nodes = new Set<string>();
  collectMatch(rewrite.match, tensors, nodes);
  const build = resolveBuild(
    rewrite.build,
    { tensors, nodes, othersAreNumbers: false },
    { infix, diagnostics },
  );
  return { ...rewrite, build };
}

/** An op with the expansions of its `from` clauses settled. */
export function resolveOp(op: OpRule, infix: ReadonlyMap<string, string>, diagnostics: Diagnostic[]): OpRule {
  if (op.froms.every((from) => from.expansion === null)) return op;
  const froms = op.froms.map((from): FromClause => {
    if (from.expansion === null) return from;
    const names = { tensors: boundNames(from.args), nodes: new Set<string>(), othersAreNumbers: true };
    return { ...from, expansion: resolveBuild(from.expansion, names, { infix, diagnostics }) };
  });
  return { ...op, froms };
}

/** The names that a source pattern binds. */
export function boundNames(args: readonly SourcePattern[], into = new Set<string>()): Set<string> {
  for (const arg of args) {
    if (arg.kind === 'bind') into.add(arg.name);
    else if (arg.kind === 'node') boundNames(arg.args, into);
  }
  return into;
}

/** The names that the left side of a rewrite binds. */
export function collectMatch(match: Match, values: Set<string>, nodes: Set<string>): void {
  if (match.kind === 'value') values.add(match.name);
  if (match.kind !== 'node') return;
  if (match.as !== null) nodes.add(match.as);
  for (const arg of match.args) collectMatch(arg, values, nodes);
}

function resolveBuild(build: Build, names: Names, context: Context): Build {
  const inner = (part: Build): Build => resolveBuild(part, names, context);
  switch (build.kind) {
    case 'none':
      return build;
    case 'value':
      return names.othersAreNumbers && !names.tensors.has(build.name) ? numberNamed(build) : build;
    case 'scalar':
      return resultOf(build, names) ?? build;
    case 'node':
      return { ...build, op: opOf(build, context), args: build.args.map(inner) };
    case 'else':
      return { ...build, first: inner(build.first), second: inner(build.second) };
    case 'if':
      return { ...build, then: inner(build.then), otherwise: inner(build.otherwise) };
    case 'list':
      return { ...build, items: build.items.map(inner) };
    case 'result':
      return { ...build, of: inner(build.of) };
    case 'each': {
      // Over a variadic tensor the name is a tensor; over a list it is a number.
      const overTensors = build.over.kind === 'name' && names.tensors.has(build.over.name);
      const tensors = overTensors
        ? including(names.tensors, build.name)
        : excluding(names.tensors, build.name);
      return { ...build, body: resolveBuild(build.body, { ...names, tensors }, context) };
    }
    case 'let': {
      let scope = names;
      const bindings = build.bindings.map(({ name, value }) => {
        const resolved = resolveBuild(value, scope, context);
        scope = { ...scope, tensors: including(scope.tensors, name) };
        return { name, value: resolved };
      });
      return { ...build, bindings, body: resolveBuild(build.body, scope, context) };
    }
  }
}

function including(set: ReadonlySet<string>, name: string): ReadonlySet<string> {
  return new Set([...set, name]);
}

function excluding(set: ReadonlySet<string>, name: string): ReadonlySet<string> {
  return new Set([...set].filter((other) => other !== name));
}

function numberNamed({ name, span }: Extract<Build, { kind: 'value' }>): Build {
  return { kind: 'scalar', value: { kind: 'name', name, span }, span };
}

/** `ys.0` of a tensor, or of a matched node, is a result. */
function resultOf({ value, span }: Extract<Build, { kind: 'scalar' }>, names: Names): Build | null {
  if (value.kind !== 'field' || value.of.kind !== 'name') return null;
  const { name } = value.of;
  const isResult = names.tensors.has(name) || (names.nodes.has(name) && /^\d+$/.test(value.field));
  return isResult
    ? { kind: 'result', of: { kind: 'value', name, span: value.of.span }, index: value.field, span }
    : null;
}

function opOf(build: Extract<Build, { kind: 'node' }>, { infix, diagnostics }: Context): string {
  if (!operators.has(build.op)) return build.op;
  const op = infix.get(build.op);
  if (op !== undefined) return op;
  diagnostics.push({
    code: 'E126',
    severity: 'error',
    message: `the operator \`${build.op}\` stands for no op`,
    span: build.span,
    why: 'On the right side of a rewrite an operator builds the op that `infix` declares for it.',
    help: `Declare it, \`infix ${build.op} = NAME\`, or name the op: \`NAME(a, b)\`.`,
  });
  return build.op;
}
