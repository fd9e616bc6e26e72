/** Runs the cases that stand beside rule files: what `espalier check` does with the files of a user. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { RuleSet, SourceText } from '../lang/ast.js';
import { headOf } from '../lang/unique.js';
import { bless } from './bless.js';
import { uncovered, type Uncovered } from './coverage.js';
import { parseCases } from './format.js';
import { caseProblem, type Outcome } from './outcome.js';
import { runCase } from './run.js';

export interface CheckedCases {
  /** How many cases were run. */
  readonly count: number;
  readonly diagnostics: readonly Diagnostic[];
}

export interface CaseOptions {
  /** Write what is so into the expectations that don't hold, before they are checked. */
  readonly update?: boolean;
  /** Told before each case, for progress. */
  readonly onCase?: (title: string) => void;
}

/** Every case beside some rule files, given by paths that can be read, and whether each of their rules has one. */
export async function checkCaseFiles(
  files: readonly SourceText[],
  rules: RuleSet,
  options: CaseOptions = {},
): Promise<CheckedCases> {
  let count = 0;
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    try {
      const checked = await checkCaseFile(file, rules, options);
      count += checked.count;
      diagnostics.push(...checked.diagnostics);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      diagnostics.push(...error.diagnostics);
    }
  }
  return { count, diagnostics };
}

async function checkCaseFile(
  ruleFile: SourceText,
  rules: RuleSet,
  { update = false, onCase }: CaseOptions,
): Promise<CheckedCases> {
  const path = ruleFile.file.replace(/\.rules$/, '.cases');
  const source = { file: path, text: existsSync(path) ? readFileSync(path, 'utf8') : '' };
  const cases = parseCases(source);
  const outcomes: Outcome[] = [];
  for (const one of cases) {
    onCase?.(one.title);
    outcomes.push(...(await runCase(one, rules)));
  }
  const blessed = update ? bless(source, outcomes) : source.text;
  if (blessed !== source.text) {
    writeFileSync(path, blessed);
    return checkCaseFile(ruleFile, rules, { ...(onCase === undefined ? {} : { onCase }) });
  }
  const missing = uncovered(ruleFile, cases, rules).map((rule) => noCase(rule, path, rules));
  return { count: cases.length, diagnostics: [...missing, ...outcomes.flatMap(({ problems }) => problems)] };
}

function noCase({ kind, name }: Uncovered, casesFile: string, rules: RuleSet): Diagnostic {
  const declared = { op: rules.ops, rewrite: rules.rewrites, pass: rules.passes }[kind].get(name)!;
  const shown = kind === 'op' ? 'uses it' : `shows a graph after it, \`-- after ${name}\``;
  return caseProblem(
    'E856',
    headOf(declared),
    `no case shows the ${kind} \`${name}\``,
    'A case is how a rule is known to be right: it is computed, masked and sliced.',
    `Write one in ${casesFile} that ${shown}; docs/cases.md says how.`,
  );
}
