/** The parser registry: which `from` clauses of the rules speak of a source's operation types. */
import type { FromClause, OpRule, RuleSet, SourcePattern } from '../lang/ast.js';
import { memoize } from './memoize.js';

export interface Candidate {
  readonly op: OpRule;
  readonly from: FromClause;
}

export interface ParserRegistry {
  /** The clauses for a type, in the order in which they are to be tried; none: no rule knows the type. */
  candidates(type: string): readonly Candidate[];
  /** Whether a pattern that names `types` means a node of this type. */
  means(types: readonly string[], type: string): boolean;
}

/** In these sources a rule's type stands for all types that it is the beginning of; the longest wins. */
const prefixSources: ReadonlySet<string> = new Set(['torch']);

/** Registries of rule sets, by source. */
const compiled = new WeakMap<RuleSet, Map<string, ParserRegistry>>();

/** The registry of the rules' `from` clauses of one source; compiled once. */
export function compileRegistry(rules: RuleSet, source: string): ParserRegistry {
  const bySource = compiled.get(rules) ?? new Map<string, ParserRegistry>();
  compiled.set(rules, bySource);
  const registry = bySource.get(source) ?? compile(rules, source);
  bySource.set(source, registry);
  return registry;
}

function compile(rules: RuleSet, source: string): ParserRegistry {
  const byType = new Map<string, Candidate[]>();
  const named = new Set<string>();
  for (const op of rules.ops.values()) {
    for (const from of op.froms) {
      if (from.source !== source) continue;
      for (const type of from.types) {
        const list = byType.get(type) ?? [];
        byType.set(type, list);
        // What overrides goes before everything declared so far.
        if (from.override) list.unshift({ op, from });
        else list.push({ op, from });
      }
      for (const type of [...from.types, ...from.args.flatMap(nestedTypes)]) named.add(type);
    }
  }
  if (!prefixSources.has(source)) {
    return {
      candidates: (type) => byType.get(type) ?? [],
      means: (types, type) => types.includes(type),
    };
  }
  const candidates = memoize((type) => {
    const prefix = longestPrefix(type, byType);
    return prefix === undefined ? [] : byType.get(prefix)!;
  });
  return {
    candidates,
    means: (types, type) => {
      const prefix = longestPrefix(type, named);
      return prefix !== undefined && types.includes(prefix);
    },
  };
}

function nestedTypes(pattern: SourcePattern): string[] {
  return pattern.kind === 'node' ? [...pattern.types, ...pattern.args.flatMap(nestedTypes)] : [];
}

function longestPrefix(type: string, known: { has(key: string): boolean }): string | undefined {
  for (let length = type.length; length > 0; length--) {
    const prefix = type.slice(0, length);
    if (known.has(prefix)) return prefix;
  }
  return undefined;
}
