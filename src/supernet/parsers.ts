/** Parsers that a program registers: further `from` clauses for the ops that the rules have. */
import { type Diagnostic, DiagnosticError, fail } from '../diagnostics/diagnostic.js';
import type { FromClause, OpRule, RuleSet } from '../lang/ast.js';
import { checkOverlaps } from '../lang/check/overlap.js';
import { factsOf } from '../lang/check/facts.js';
import { checkFrom } from '../lang/check/from.js';
import { parseFrom } from '../lang/parse.js';
import { resolveOp } from '../lang/resolve.js';

export interface ParserOptions {
  /** What the parser is registered under; else the source and types that it reads: `torch MyConvBackward`. */
  readonly name?: string;
  /** Replaces the parser of that name, and goes before whatever else reads these types. */
  readonly force?: boolean;
}

interface Registered {
  readonly op: string;
  readonly from: FromClause;
}

/** Parsers by name. */
export class Parsers {
  readonly #parsers = new Map<string, Registered>();

  get names(): readonly string[] {
    return [...this.#parsers.keys()];
  }

  /**
   * Registers a parser.
   * @param op the op that it reads
   * @param rule the text of a `from` clause
   * @throws DiagnosticError where the text is wrong, or the name is taken and `force` is not given
   */
  register(op: string, rule: string, { name, force = false }: ParserOptions = {}): string {
    const file = `parser of ${op}`;
    const { tree, diagnostics } = parseFrom(rule, file);
    if (tree === null || diagnostics.length > 0) throw new DiagnosticError(diagnostics);
    const key = name ?? `${tree.source} ${tree.types.join(' | ')}`;
    if (this.#parsers.has(key) && !force) {
      return fail({
        code: 'E440',
        message: `a parser is already registered as ${JSON.stringify(key)}`,
        why: `It reads ${this.#parsers.get(key)!.from.types.join(', ')} as ${this.#parsers.get(key)!.op}.`,
        help: 'Give it another name, or replace the first with `force`.',
      });
    }
    this.#parsers.set(key, { op, from: force ? { ...tree, override: true } : tree });
    return key;
  }

  /**
   * The rules with the registered parsers, each at the end of its op.
   * @throws DiagnosticError where one does not fit its op, or reads what another rule reads already
   */
  addTo(rules: RuleSet): RuleSet {
    if (this.#parsers.size === 0) return rules;
    const diagnostics: Diagnostic[] = [];
    const ops = new Map<string, OpRule>(rules.ops);
    for (const { op: name, from } of this.#parsers.values()) {
      const op = ops.get(name);
      if (op === undefined) diagnostics.push(unknownOp(name));
      else ops.set(name, resolveOp({ ...op, froms: [...op.froms, from] }, rules.infix, diagnostics));
    }
    const report = (problem: Omit<Diagnostic, 'severity'>): void => {
      diagnostics.push({ severity: 'error', ...problem });
    };
    const facts = new Map([...ops].map(([name, op]) => [name, factsOf(op)]));
    for (const name of new Set([...this.#parsers.values()].map(({ op }) => op))) {
      const op = facts.get(name);
      for (const from of op?.op.froms.slice(rules.ops.get(name)!.froms.length) ?? []) {
        checkFrom(from, op!, facts, report);
      }
    }
    checkOverlaps(ops.values(), report);
    if (diagnostics.length > 0) throw new DiagnosticError(diagnostics);
    return { ...rules, ops };
  }
}

function unknownOp(name: string): Diagnostic {
  return {
    code: 'E440',
    severity: 'error',
    message: `there is no op \`${name}\` for a parser to read`,
    help: '`espalier rules` lists the ops; a new op needs a rule file.',
  };
}
