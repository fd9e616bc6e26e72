import { Command } from 'commander';
import { DiagnosticError } from '../../diagnostics/diagnostic.js';
import { reportDiagnostics } from '../report.js';

export function checkCommand(): Command {
  return new Command('check')
    .description('find every problem in rule files, together with the core rules')
    .argument('[rules...]', 'globs of rule files; none: the core rules alone')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', "\nExample:\n  $ espalier check 'rules/**/*.rules'")
    .action(run);
}

async function run(globs: readonly string[], flags: { readonly json?: boolean }): Promise<void> {
  const { checkRules } = await import('../../lang/load.js');
  const { files, diagnostics } = checkRules([...globs]);
  const errors = diagnostics.filter((d) => d.severity === 'error');
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ files, diagnostics }, null, 2)}\n`);
  else {
    await reportDiagnostics(diagnostics);
    const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
    process.stdout.write(
      `${count(files.length, 'rule file')} checked: ${count(errors.length, 'error')}, ` +
        `${count(diagnostics.length - errors.length, 'warning')}.\n`,
    );
  }
  // Everything has been reported: only the exit code is left to say.
  if (errors.length > 0) throw new DiagnosticError([]);
}
