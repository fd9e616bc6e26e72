import { Command } from 'commander';
import type { AxisAnalysis, Space } from '../../axes/analysis.js';
import type { Graph } from '../../ir/graph.js';
import { withConfig } from '../config.js';
import { withExclude, withModelOptions, type ModelFlags } from '../options.js';
import { reportDiagnostics } from '../report.js';
import { table } from '../table.js';

interface GroupsFlags extends ModelFlags {
  readonly exclude?: readonly string[];
  readonly all?: boolean;
}

export function groupsCommand(): Command {
  return withExclude(withModelOptions(new Command('groups')))
    .description('list the channel spaces of a model and the parameters that share each')
    .argument('<model>', 'a model.json, a folder with one, or a module')
    .option('--all', 'also list the spaces that can’t be pruned')
    .addHelpText('after', '\nExample:\n  $ espalier groups model.json --all')
    .action(run);
}

async function run(model: string, given: GroupsFlags, command: Command): Promise<void> {
  const flags = withConfig(given, command);
  const [{ prepareModel, analyseModel }, { Timings }] = await Promise.all([
    import('../../compile/prepare.js'),
    import('../../compile/timings.js'),
  ]);
  const options = { rules: flags.rules, inputShapes: flags.input, exclude: flags.exclude };
  const prepared = await prepareModel(model, options, new Timings());
  const { analysis, warnings } = analyseModel(prepared, options);
  await reportDiagnostics([...prepared.warnings, ...warnings]);
  const spaces = analysis.spaces.filter(
    (space) => space.size > 1 && (flags.all === true || status(space) !== 'frozen'),
  );
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(
          spaces.map((space) => spaceJson(space, analysis, prepared.graph)),
          null,
          2,
        )}\n`
      : `${spacesTable(spaces, prepared.graph)}\n${summary(analysis)}\n`,
  );
}

const status = (space: Space): string =>
  space.frozen.length > 0
    ? 'frozen'
    : space.mixes.length > 0
      ? 'mixes'
      : space.keep.length > 0
        ? 'kept'
        : 'prunable';

const sharers = (space: Space, graph: Graph): string[] =>
  space.parameters.map(({ value, dim }) => `${graph.parameters[value]!.name}[${dim}]`);

function spacesTable(spaces: readonly Space[], graph: Graph): string {
  const rows = spaces.map((space) => {
    const reason = [...space.frozen, ...space.mixes, ...space.keep][0]?.message ?? '';
    const others = sharers(space, graph).filter((name) => name !== space.id);
    const shown = others.slice(0, 3).join(' ') + (others.length > 3 ? ` and ${others.length - 3} more` : '');
    return [
      space.id,
      `${space.size}`,
      status(space),
      reason === '' ? shown : `${shown}${shown === '' ? '' : '; '}${reason}`,
    ];
  });
  return table(['space', 'channels', '', 'shared with'], rows);
}

function summary({ spaces }: AxisAnalysis): string {
  const count = (what: string): number =>
    spaces.filter((space) => space.size > 1 && status(space) === what).length;
  return (
    `${count('prunable')} spaces can be pruned; ${count('mixes')} only with --allow-mixes, ` +
    `${count('kept')} only with --prune-kept; ${count('frozen')} are frozen.`
  );
}

function spaceJson(space: Space, analysis: AxisAnalysis, graph: Graph): object {
  return {
    id: space.id,
    size: space.size,
    status: status(space),
    reasons: [...space.frozen, ...space.mixes, ...space.keep],
    shared_by: sharers(space, graph),
    values: analysis.membersOf(space.leaf).map(({ value, dim }) => `%${value}[${dim}]`),
  };
}
