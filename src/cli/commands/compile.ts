import { Command, Option } from 'commander';
import type { StageRecord } from '../../passes/pipeline.js';
import type { PruneOptions } from '../../prune/options.js';
import { withConfig } from '../config.js';
import { DifferenceError, UsageError } from '../errors.js';
import { number, withExclude, withModelOptions, type ModelFlags } from '../options.js';
import { Progress } from '../progress.js';
import { reportDiagnostics } from '../report.js';

interface CompileFlags extends ModelFlags, PruneOptions {
  readonly out?: string;
  readonly backend?: 'node-gpu' | 'node' | 'webgpu' | 'webgl' | 'wasm' | 'cpu';
  readonly trainable?: boolean;
  readonly subnet?: string;
  readonly supernet?: boolean;
  readonly switchableBn?: number;
  readonly verify?: boolean;
  readonly timings?: boolean;
  readonly tracePasses?: boolean;
}

export function compileCommand(): Command {
  const command = new Command('compile')
    .description('prune a model and write it as a TypeScript module')
    .argument('<model>', 'a model.json, a folder with one, or a module that exports a function of tf')
    .option('--out <dir>', 'the folder to write to');
  withExclude(withModelOptions(command))
    .addOption(
      new Option('--ratio <fraction>', 'remove this fraction of the channels of every space').argParser(
        number,
      ),
    )
    .addOption(
      new Option('--global-ratio <fraction>', 'remove this fraction of all channels').argParser(number),
    )
    .addOption(
      new Option(
        '--flops <fraction>',
        'remove this fraction of the multiply-accumulates, where the backend takes longest for them',
      ).argParser(number),
    )
    .addOption(new Option('--params <fraction>', 'remove this fraction of the parameters').argParser(number))
    .option('--importance <measure>', 'l1, l2, bn-scale, fpgm, lamp or random (default: l1)')
    .addOption(
      new Option(
        '--round-to <n>',
        'keep multiples of n channels (default: what suits the backend, in large spaces; with --ratio any number)',
      ).argParser(number),
    )
    .addOption(new Option('--min-channels <n>', 'keep at least n channels of every space').argParser(number))
    .option('--allow-mixes', 'also prune channels over which the network takes statistics; values change')
    .option('--prune-kept', 'also prune axes that rules mark keep, such as groups and heads')
    .addOption(
      new Option('--seed <n>', 'for --importance random, and for the inputs of verification').argParser(
        number,
      ),
    )
    .addOption(
      new Option('--backend <name>', 'the backend that the module runs on (default: node-gpu)').choices([
        'node-gpu',
        'node',
        'webgpu',
        'webgl',
        'wasm',
        'cpu',
      ]),
    )
    .option(
      '--subnet <file>',
      'keep the channels that a file names: of `espalier subnet`, subnet.json, or MMRazor’s',
    )
    .option('--supernet', 'emit the whole network, with channels that are switched while it runs')
    .addOption(
      new Option('--switchable-bn <n>', 'with --supernet: n sets of normalisation parameters').argParser(
        number,
      ),
    )
    .option('--trainable', 'leave batch normalisation unfolded and make weights variables')
    .option('--no-verify', 'do not run the results against the original')
    .option('--timings', 'print how long each stage took')
    .option('--trace-passes', 'print what each pass changed')
    .addHelpText(
      'after',
      `
Without --ratio, --global-ratio, --flops, --params or --subnet nothing is pruned.
Defaults for all options can stand in the field "espalier" of package.json, or in espalier.config.json.

Example:
  $ espalier compile model.json --out pruned --flops 0.5 --exclude 'head/*' --backend wasm`,
    );
  return command.action(run);
}

async function run(model: string, given: CompileFlags, command: Command): Promise<void> {
  const flags = withConfig(given, command);
  if (flags.out === undefined) throw new UsageError('--out DIR is missing: the folder to write to');
  const progress = new Progress();
  const { compileModel } = await import('../../compile/compile.js');
  const { input, ...options } = flags;
  const trace: string[] = [];
  const onRecord = flags.tracePasses === true ? await tracer(trace) : undefined;
  let result;
  try {
    result = await compileModel(model, {
      ...options,
      out: flags.out,
      inputShapes: input,
      onStage: (stage) => progress.show(stage),
      ...(onRecord === undefined ? {} : { onRecord }),
    });
  } finally {
    progress.clear();
  }
  await reportDiagnostics(result.warnings);
  const { compileSummary, compileJson, timingsTable } = await import('../compile-report.js');
  process.stderr.write(trace.join('\n'));
  if (flags.timings === true) process.stderr.write(`${timingsTable(result.timings)}\n`);
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(compileJson(result), null, 2)}\n` : compileSummary(result),
  );
  if (result.verification !== null && !result.verification.result.passed) {
    const { verificationFailures } = await import('../../verify/verify.js');
    const { rounding, verification } = result;
    await reportDiagnostics(rounding === null ? verificationFailures(verification.result) : [rounding]);
    throw new DifferenceError();
  }
}

/** Prints what a stage did, once it is over. */
async function tracer(lines: string[]): Promise<(record: StageRecord) => void> {
  const { printTrace } = await import('../../passes/trace.js');
  return (record) => lines.push(printTrace(record));
}
