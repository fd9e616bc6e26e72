import { Command } from 'commander';
import type { CheckedCases } from '../../cases/check-files.js';
import { DiagnosticError, type Diagnostic } from '../../diagnostics/diagnostic.js';
import type { RuleSet, SourceText } from '../../lang/ast.js';
import { Progress } from '../progress.js';
import { reportDiagnostics } from '../report.js';

interface CheckFlags {
  readonly update?: boolean;
  readonly json?: boolean;
}

export function checkCommand(): Command {
  return new Command('check')
    .description('find every problem in rule files, together with the core rules, and run their cases')
    .argument('[rules...]', 'globs of rule files; none: the core rules alone')
    .option('--update', 'write what is so into the expectations of cases that do not hold')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', "\nExample:\n  $ espalier check 'rules/**/*.rules'")
    .action(run);
}

async function run(globs: readonly string[], flags: CheckFlags): Promise<void> {
  const { checkRules } = await import('../../lang/load.js');
  const { rules, own, diagnostics: problems } = checkRules([...globs]);
  const files = rules.files.map(({ file }) => file);
  const cases = isError(problems)
    ? { count: 0, diagnostics: [] }
    : await runCases(own, rules, flags.update === true);
  const diagnostics = [...problems, ...cases.diagnostics];
  const errors = diagnostics.filter((d) => d.severity === 'error');
  if (flags.json === true)
    process.stdout.write(`${JSON.stringify({ files, cases: cases.count, diagnostics }, null, 2)}\n`);
  else {
    await reportDiagnostics(diagnostics);
    const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
    process.stdout.write(
      `${count(own.length > 0 ? own.length : files.length, 'rule file')} and ${count(cases.count, 'case')} checked: ` +
        `${count(errors.length, 'error')}, ${count(diagnostics.length - errors.length, 'warning')}.\n`,
    );
  }
  // Everything has been reported: only the exit code is left to say.
  if (errors.length > 0) throw new DiagnosticError([]);
}

const isError = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some(({ severity }) => severity === 'error');

/** The cases of the user's own files; the core's are run by its tests. */
async function runCases(own: readonly SourceText[], rules: RuleSet, update: boolean): Promise<CheckedCases> {
  if (own.length === 0) return { count: 0, diagnostics: [] };
  const { checkCaseFiles } = await import('../../cases/check-files.js');
  const progress = new Progress();
  try {
    return await checkCaseFiles(own, rules, { update, onCase: (title) => progress.show(title) });
  } finally {
    progress.clear();
  }
}
