import { Command, InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';
import { Progress } from '../progress.js';

interface InstallFlags {
  readonly cuda?: boolean;
  readonly tensorflow?: string;
  readonly packageDir?: string;
  readonly cache?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function backendCommand(): Command {
  const command = new Command('backend')
    .description('set up what a backend needs')
    .addHelpText('after', '\nExample:\n  $ espalier backend install');
  const install = new Command('install')
    .description('build the native library of @tensorflow/tfjs-node-gpu against a current TensorFlow')
    .option('--cuda', 'TensorFlow for NVIDIA GPUs (default: for CPUs)')
    .option('--tensorflow <version>', 'another version of TensorFlow than the one tried', version)
    .option(
      '--package-dir <dir>',
      'the package, or a project that has it (default: here, then Espalier’s own)',
    )
    .option('--cache <dir>', 'where downloads are kept (default: espalier in XDG_CACHE_HOME or ~/.cache)')
    .option('--force', 'build again even if it works')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nNeeds Python with pip, g++ and npm; PYTHON and CXX may name others than the first in PATH.\n' +
        '\nExample:\n  $ npm install --ignore-scripts @tensorflow/tfjs-node-gpu\n  $ espalier backend install',
    )
    .action(run);
  return command.addCommand(install);
}

function version(text: string): string {
  if (/^\d+\.\d+\.\d+$/.test(text)) return text;
  throw new InvalidArgumentError('Write it like 2.18.1.');
}

async function run(flags: InstallFlags): Promise<void> {
  const progress = new Progress();
  const { installBackend } = await import('../../backend/install.js');
  const { triedVersions } = await import('../../backend/tensorflow-library.js');
  const { defaultCacheFolder } = await import('../../backend/folders.js');
  let installed;
  try {
    installed = await installBackend({
      cuda: flags.cuda === true,
      version: flags.tensorflow ?? triedVersions[0],
      ...(flags.packageDir === undefined ? {} : { packageDir: flags.packageDir }),
      cache: resolve(flags.cache ?? defaultCacheFolder()),
      force: flags.force === true,
      onStep: (text) => {
        progress.clear();
        process.stderr.write(`${text}\n`);
      },
      onProgress: (text) => progress.show(text),
    });
  } finally {
    progress.clear();
  }
  if (flags.json === true) return void process.stdout.write(`${JSON.stringify(installed, null, 2)}\n`);
  const { built, tensorflow, gpu } = installed;
  process.stdout.write(
    `${built ? 'Built' : 'Nothing to do: it works'}. require('@tensorflow/tfjs-node-gpu') computes with TensorFlow ` +
      `${tensorflow} on the ${gpu ? 'GPU' : 'CPU'}.\n`,
  );
  if (flags.cuda === true && !gpu) {
    process.stdout.write(
      'TensorFlow finds no GPU that it can use here: see that the NVIDIA driver is installed.\n',
    );
  }
}
