/** Rewrites: both sides, the condition between them, and passes that name them. */
import type { Match, PassRule, RewriteRule } from '../ast.js';
import { backendName } from '../backends.js';
import { checkBackends } from './backend.js';
import { checkBuild, checkMatch, type Arity, type BuildContext } from './build.js';
import { checkCondition, namesOf, withValues } from './expressions.js';
import type { OpFacts } from './facts.js';
import { suggestion, type Report } from './report.js';

/** What only rewrites can ask about the graph. */
const special = new Set(['is_constant', 'number', 'uses', 'op', 'makers', 'same_type', 'along_last']);

export function checkRewrite(rewrite: RewriteRule, ops: ReadonlyMap<string, OpFacts>, report: Report): void {
  const tensors = new Map<string, Arity>();
  const nodes = new Map<string, readonly string[]>();
  collect(rewrite.match, tensors, nodes);
  const context: BuildContext = {
    ops,
    tensors,
    nodes,
    names: namesOf(`\`${rewrite.name}\``, {
      tensors: new Set(tensors.keys()),
      variadic: new Set([...tensors].filter(([, arity]) => arity === 'variadic').map(([name]) => name)),
      nodes: new Map([...nodes].map(([name, types]) => [name, commonAttrs(types, ops)])),
      special,
    }),
  };
  checkMatch(rewrite.match, context, report);
  if (rewrite.where) {
    checkCondition(rewrite.where, withValues(context.names, [backendName]), report);
    checkBackends(rewrite.where, report);
  }
  checkBuild(rewrite.build, context, report);
}

function collect(match: Match, tensors: Map<string, Arity>, nodes: Map<string, readonly string[]>): void {
  if (match.kind === 'value') tensors.set(match.name, match.arity);
  if (match.kind !== 'node') return;
  if (match.as !== null) nodes.set(match.as, match.ops);
  for (const arg of match.args) collect(arg, tensors, nodes);
}

/** The attributes that all of some ops have; an op that doesn't exist is reported elsewhere. */
function commonAttrs(types: readonly string[], ops: ReadonlyMap<string, OpFacts>): ReadonlySet<string> {
  const all = types.flatMap((type) => (ops.has(type) ? [ops.get(type)!.attrs] : []));
  return new Set([...(all[0]?.keys() ?? [])].filter((name) => all.every((attrs) => attrs.has(name))));
}

export function checkPass(pass: PassRule, rewrites: ReadonlyMap<string, RewriteRule>, report: Report): void {
  for (const name of pass.rewrites) {
    if (rewrites.has(name)) continue;
    report({
      code: 'E137',
      message: `the pass \`${pass.name}\` names \`${name}\`, which is no rewrite`,
      span: pass.places?.[name] ?? pass.span,
      help: suggestion(name, [...rewrites.keys()], 'rewrites'),
    });
  }
}
