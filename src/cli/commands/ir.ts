import { Command } from 'commander';
import { withConfig } from '../config.js';
import { withModelOptions, type ModelFlags } from '../options.js';
import { reportDiagnostics } from '../report.js';

export function irCommand(): Command {
  return withModelOptions(new Command('ir'))
    .description('print a model in the intermediate representation')
    .argument('<model>', 'a model.json, a folder with one, or a module')
    .option('--lowered', 'after all passes, as it would be emitted')
    .addHelpText('after', '\nExample:\n  $ espalier ir model.json | less')
    .action(run);
}

async function run(
  model: string,
  given: ModelFlags & { readonly lowered?: boolean },
  command: Command,
): Promise<void> {
  const flags = withConfig(given, command);
  const [{ prepareModel }, { Timings }, { printGraph }] = await Promise.all([
    import('../../compile/prepare.js'),
    import('../../compile/timings.js'),
    import('../../ir/print.js'),
  ]);
  const options = { rules: flags.rules, inputShapes: flags.input };
  const prepared = await prepareModel(model, options, new Timings());
  await reportDiagnostics(prepared.warnings);
  let { graph } = prepared;
  if (flags.lowered === true) {
    const { lowerModel } = await import('../../compile/lower.js');
    ({ graph } = await lowerModel(prepared, { ...options, pipeline: 'tfjs' }, null, new Timings()));
  }
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(graph, null, 1)}\n` : `${printGraph(graph)}\n`,
  );
}
