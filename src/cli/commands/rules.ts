import { Command } from 'commander';
import { withConfig } from '../config.js';
import { table } from '../table.js';

interface RulesFlags {
  readonly rules?: readonly string[];
  readonly source?: string;
  readonly json?: boolean;
}

export function rulesCommand(): Command {
  return new Command('rules')
    .description('list the operations covered, per framework')
    .option('--rules <glob...>', 'rule files to add to the core rules')
    .option('--source <name>', 'only those of one source: tf, tfjs, torch, aten')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  $ espalier rules --source tf')
    .action(run);
}

async function run(given: RulesFlags, command: Command): Promise<void> {
  const flags = withConfig(given, command);
  const [{ loadRules }, { operationIndex }] = await Promise.all([
    import('../../lang/load.js'),
    import('../../lang/operation-index.js'),
  ]);
  const entries = operationIndex(loadRules([...(flags.rules ?? [])])).filter(
    ({ source }) => flags.source === undefined || source === flags.source,
  );
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(entries, null, 2)}\n`);
    return;
  }
  const rows = entries.map(({ source, type, op, file }) => [source, type, op, file]);
  process.stdout.write(`${table(['source', 'type', 'operation', 'rule'], rows)}\n`);
}
