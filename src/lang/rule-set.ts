/** Rule text to rules, in a straight line: parse, resolve, check. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Declaration, RuleSet, SourceText } from './ast.js';
import { check } from './check.js';
import { extendPasses } from './extend.js';
import { readHelpers } from './helpers.js';
import { parseFile, type ParsedFile } from './parse.js';
import { resolveOp, resolveRewrite } from './resolve.js';
import { firstOfEach } from './unique.js';

type NamedRule = Exclude<Declaration, { kind: 'infix' | 'extend' }>;

/** The steps that take long; `rule-cache.ts` has them with a memory. */
export interface RuleSteps {
  readonly parse: (source: SourceText) => ParsedFile;
  readonly check: (rules: RuleSet, declarations: readonly Declaration[]) => readonly Diagnostic[];
}

/** All rules of some files, and every problem that they have, in the order of the text. */
export function buildRuleSet(
  sources: readonly SourceText[],
  helperSources: readonly SourceText[],
  { parse, check: checkRules }: RuleSteps = { parse: parseFile, check },
): { rules: RuleSet; diagnostics: Diagnostic[] } {
  const parsed = sources.map((source) => parse(source));
  const unique = firstOfEach(parsed.flatMap((file) => file.declarations));
  const resolved = resolve(unique.kept);
  const extended = extendPasses(byName(resolved.kept, 'pass'), resolved.kept);
  const helpers = readHelpers(helperSources);
  const rules: RuleSet = {
    ops: byName(resolved.kept, 'op'),
    rewrites: byName(resolved.kept, 'rewrite'),
    passes: extended.passes,
    pipelines: byName(resolved.kept, 'pipeline'),
    infix: resolved.infix,
    files: sources,
    helpers: helpers.helpers,
  };
  const diagnostics = [
    ...parsed.flatMap((file) => file.diagnostics),
    ...unique.diagnostics,
    ...helpers.diagnostics,
    ...resolved.diagnostics,
    ...extended.diagnostics,
    ...checkRules(rules, resolved.kept),
  ];
  return { rules, diagnostics: inOrder(diagnostics, sources) };
}

function resolve(declarations: readonly Declaration[]): {
  kept: Declaration[];
  infix: ReadonlyMap<string, string>;
  diagnostics: Diagnostic[];
} {
  const infix = new Map(
    declarations.flatMap((rule) => (rule.kind === 'infix' ? [[rule.operator, rule.op] as const] : [])),
  );
  const diagnostics: Diagnostic[] = [];
  const kept = declarations.map((declaration) => {
    if (declaration.kind === 'op') return resolveOp(declaration, infix, diagnostics);
    if (declaration.kind === 'rewrite') return resolveRewrite(declaration, infix, diagnostics);
    return declaration;
  });
  return { kept, infix, diagnostics };
}

/** The declarations of one kind by name. */
function byName<K extends NamedRule['kind']>(
  declarations: readonly Declaration[],
  kind: K,
): ReadonlyMap<string, Extract<NamedRule, { kind: K }>> {
  const rules = declarations.filter((rule) => rule.kind === kind) as Extract<NamedRule, { kind: K }>[];
  return new Map(rules.map((rule) => [(rule as NamedRule).name, rule]));
}

/** By file, then by place. */
function inOrder(diagnostics: readonly Diagnostic[], sources: readonly SourceText[]): Diagnostic[] {
  const order = new Map(sources.map((source, i) => [source.file, i]));
  const file = (diagnostic: Diagnostic): number => order.get(diagnostic.span?.file ?? '') ?? sources.length;
  return [...diagnostics].sort((a, b) => file(a) - file(b) || (a.span?.start ?? 0) - (b.span?.start ?? 0));
}
