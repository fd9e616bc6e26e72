import { Command, Option } from 'commander';
import type { RunnableBackend } from '../../emit/tf.js';
import { DifferenceError } from '../errors.js';
import { number } from '../options.js';
import { Progress } from '../progress.js';
import { reportDiagnostics } from '../report.js';

interface VerifyFlags {
  readonly model?: string;
  readonly backend?: RunnableBackend;
  readonly seed?: number;
  readonly json?: boolean;
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description('run a compiled folder against the original model')
    .argument('<dir>', 'a folder that `espalier compile` has written')
    .option('--model <path>', 'the original model, if it has moved')
    .addOption(
      new Option(
        '--backend <name>',
        'the backend to run on (default: the compiled one if it is installed, else wasm)',
      ).choices(['node-gpu', 'node', 'webgpu', 'wasm', 'cpu']),
    )
    .addOption(new Option('--seed <n>', 'for the inputs').argParser(number))
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  $ espalier verify pruned --backend wasm')
    .action(run);
}

async function run(folder: string, flags: VerifyFlags): Promise<void> {
  const progress = new Progress();
  const { verifyFolder } = await import('../../compile/verify-folder.js');
  let verified;
  try {
    verified = await verifyFolder(folder, { ...flags, onStage: (stage) => progress.show(stage) });
  } finally {
    progress.clear();
  }
  const { backend, result, warnings } = verified;
  await reportDiagnostics(warnings);
  const { verificationSummary } = await import('../compile-report.js');
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ backend, ...result }, null, 2)}\n`
      : `${verificationSummary(result, backend)}\n`,
  );
  if (!result.passed) {
    const { verificationFailures } = await import('../../verify/verify.js');
    await reportDiagnostics(verificationFailures(result));
    throw new DifferenceError();
  }
}
