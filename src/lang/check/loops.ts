/**
 * Rewrites that would go on for ever: what one builds, without a condition, has in it what it replaces, or what
 * another of the same pass replaces that leads back to it.
 */
import type { Build, Expr, Match, PassRule, RewriteRule } from '../ast.js';
import type { OpFacts } from './facts.js';
import { quotedList, withoutSpans, type Report } from './report.js';

export function checkLoops(
  rewrites: ReadonlyMap<string, RewriteRule>,
  passes: Iterable<PassRule>,
  ops: ReadonlyMap<string, OpFacts>,
  report: Report,
): void {
  const free = [...rewrites.values()].filter((rewrite) => rewrite.where === null);
  const leadsTo = (from: RewriteRule, to: RewriteRule): boolean =>
    nodesOf(from.build).some((node) => surelyMatches(to.match, node, { ops, from, names: new Map() }));
  const looping = free.filter((rewrite) => leadsTo(rewrite, rewrite));
  for (const rewrite of looping) {
    report({
      code: 'E136',
      message: `the rewrite \`${rewrite.name}\` never ends`,
      span: rewrite.build.span,
      why: 'What it builds matches its own left side again.',
      help: 'Add a `where` that is false for what is built, or build something that does not match.',
      notes: [{ message: 'the left side', span: rewrite.match.span }],
    });
  }
  const reported = new Set(looping);
  for (const pass of passes) {
    const together = pass.rewrites
      .flatMap((name) => rewrites.get(name) ?? [])
      .filter((r) => free.includes(r));
    for (const [i, first] of together.entries()) {
      for (const second of together.slice(i + 1)) {
        if (reported.has(first) || reported.has(second)) continue;
        if (!leadsTo(first, second) || !leadsTo(second, first)) continue;
        reported.add(first).add(second);
        report({
          code: 'E136',
          message: `the rewrites ${quotedList([first.name, second.name])} undo each other`,
          span: first.build.span,
          why: `Both are in the pass \`${pass.name}\`, which applies them until none applies.`,
          help: 'Remove one from the pass, or add a `where` that is false for what the other builds.',
          notes: [{ message: 'the other builds this', span: second.build.span }],
        });
      }
    }
  }
}

type NodeBuild = Extract<Build, { kind: 'node' }>;

interface Trial {
  readonly ops: ReadonlyMap<string, OpFacts>;
  /** The rewrite that builds. */
  readonly from: RewriteRule;
  /** What the pattern's names stand for so far: a name used twice must stand for one thing. */
  readonly names: Map<string, Build>;
}

/** All nodes that are certainly built. */
function nodesOf(build: Build): NodeBuild[] {
  switch (build.kind) {
    case 'node':
      return [build, ...build.args.flatMap(nodesOf)];
    case 'let':
      return nodesOf(build.body);
    case 'list':
      return build.items.flatMap(nodesOf);
    case 'result':
      return nodesOf(build.of);
    default:
      return [];
  }
}

/** Whether a pattern matches what is built, whatever the values are. In doubt it does not. */
function surelyMatches(match: Match, build: Build, trial: Trial): boolean {
  switch (match.kind) {
    case 'any':
      return build.kind !== 'none';
    case 'value': {
      if (build.kind === 'none') return match.arity === 'optional';
      const known = trial.names.get(match.name);
      if (known !== undefined) return sameBuild(known, build);
      trial.names.set(match.name, build);
      return (
        match.arity !== 'variadic' || build.kind === 'list' || build.kind === 'each' || build.kind === 'value'
      );
    }
    case 'number':
      return build.kind === 'scalar' && literal(build.value) === match.value;
    case 'node':
      return build.kind === 'node' && nodeMatches(match, build, trial);
  }
}

function nodeMatches(match: Extract<Match, { kind: 'node' }>, build: NodeBuild, trial: Trial): boolean {
  if (!match.ops.includes(build.op)) return false;
  const count = Math.max(match.args.length, build.args.length);
  for (let i = 0; i < count; i++) {
    const pattern = match.args[i];
    const arg: Build = build.args[i] ?? { kind: 'none', span: build.span };
    const fits = pattern === undefined ? arg.kind === 'none' : surelyMatches(pattern, arg, trial);
    if (!fits) return false;
  }
  return match.attrs.every(({ name, value }) => {
    const built = builtAttr(build, name, trial);
    return built !== undefined && literal(value) !== undefined && literal(value) === built;
  });
}

/** The literal that a built node has for an attribute, if that is certain. */
function builtAttr(build: NodeBuild, name: string, { ops, from }: Trial): unknown {
  const given = build.attrs.find((attr) => attr.name === name);
  if (given) return literal(given.value);
  if (build.spread !== null) {
    const asked = matchNamed(from.match, build.spread)?.attrs.find((attr) => attr.name === name);
    return asked && literal(asked.value);
  }
  const fallback = ops.get(build.op)?.attrs.get(name)?.default;
  return fallback ? literal(fallback) : undefined;
}

function matchNamed(match: Match, alias: string): Extract<Match, { kind: 'node' }> | undefined {
  if (match.kind !== 'node') return undefined;
  if (match.as === alias) return match;
  for (const arg of match.args) {
    const found = matchNamed(arg, alias);
    if (found) return found;
  }
  return undefined;
}

/** A literal, or a list of literals as text; undefined: not known. */
function literal(expr: Expr): unknown {
  if (expr.kind === 'literal') return expr.value;
  if (expr.kind !== 'list') return undefined;
  const items = expr.items.map(literal);
  return items.includes(undefined) ? undefined : JSON.stringify(items);
}

/** Whether two builds are the same value: they are written alike. */
function sameBuild(a: Build, b: Build): boolean {
  return withoutSpans(a) === withoutSpans(b);
}
