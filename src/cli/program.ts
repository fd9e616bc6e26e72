/** The command line. Each command is one file; what it needs is loaded when it runs. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { projectFile } from '../lang/project-file.js';
import { backendCommand } from './commands/backend.js';
import { checkCommand } from './commands/check.js';
import { compileCommand } from './commands/compile.js';
import { explainCommand } from './commands/explain.js';
import { groupsCommand } from './commands/groups.js';
import { irCommand } from './commands/ir.js';
import { rulesCommand } from './commands/rules.js';
import { tracerCommand } from './commands/tracer.js';
import { subnetCommand } from './commands/subnet.js';
import { verifyCommand } from './commands/verify.js';
import { DifferenceError, EXIT, UsageError } from './errors.js';
import { reportError } from './report.js';

function program(): Command {
  const { version } = JSON.parse(readFileSync(projectFile('package.json'), 'utf8')) as { version: string };
  const root = new Command('espalier')
    .description('Prunes neural networks by declarative rules, and writes them as TensorFlow.js modules.')
    .version(version)
    .showHelpAfterError('(add --help for what there is)')
    .addHelpText(
      'after',
      `
Example:
  $ espalier compile model.json --out pruned --flops 0.5 --backend wasm

Exit codes: 0 done; 1 the input is wrong; 2 wrong usage; 3 verification found a difference.`,
    );
  const commands = [
    compileCommand(),
    verifyCommand(),
    groupsCommand(),
    explainCommand(),
    irCommand(),
    checkCommand(),
    rulesCommand(),
    subnetCommand(),
    tracerCommand(),
    backendCommand(),
  ];
  for (const command of commands) root.addCommand(command);
  return withSettingsOf(root, root);
}

/** Commands inside commands behave like the outermost, and report wrong usage by an error. */
function withSettingsOf(root: Command, command: Command): Command {
  for (const inner of command.commands) withSettingsOf(root, inner.copyInheritedSettings(root));
  return command.exitOverride();
}

/**
 * Runs a command line.
 * @param args What follows the program's name.
 * @returns the exit code
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync([...args], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof UsageError) {
      process.stderr.write(`error: ${error.message}\n`);
      return EXIT.usage;
    }
    if (error instanceof DifferenceError) return EXIT.different;
    await reportError(error);
    return EXIT.wrongInput;
  }
}
