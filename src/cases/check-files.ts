/** Runs the cases that stand beside rule files: what `espalier check` does with the files of a user. */
import { existsSync, readFileSync } from 'node:fs';
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.js';
import type { RuleSet, SourceText } from '../lang/ast.js';
import { headOf } from '../lang/unique.js';
import { uncovered, type Uncovered } from './coverage.js';
import { parseCases, type Case } from './format.js';
import { caseProblem } from './outcome.js';
import { runCase } from './run.js';

export interface CheckedCases {
  /** How many cases were run. */
  readonly count: number;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Every case beside some rule files, and whether each of their rules has one.
 *
 * @param files Rule files by paths that can be read.
 * @param onCase Told before each case, for progress.
 */
export async function checkCaseFiles(
  files: readonly SourceText[],
  rules: RuleSet,
  onCase: (title: string) => void = () => undefined,
): Promise<CheckedCases> {
  const diagnostics: Diagnostic[] = [];
  let count = 0;
  for (const file of files) {
    const casesFile = file.file.replace(/\.rules$/, '.cases');
    try {
      const cases = readCases(casesFile);
      for (const missing of uncovered(file, cases, rules))
        diagnostics.push(noCase(missing, casesFile, rules));
      for (const one of cases) {
        onCase(one.title);
        count++;
        diagnostics.push(...(await runCase(one, rules)).flatMap(({ problems }) => problems));
      }
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      diagnostics.push(...error.diagnostics);
    }
  }
  return { count, diagnostics };
}

function readCases(file: string): readonly Case[] {
  return existsSync(file) ? parseCases({ file, text: readFileSync(file, 'utf8') }) : [];
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
