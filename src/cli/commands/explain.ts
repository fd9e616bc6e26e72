import { Command } from 'commander';
import type { Explanation } from '../../axes/explain.js';
import type { Graph } from '../../ir/graph.js';
import { withConfig } from '../config.js';
import { UsageError } from '../errors.js';
import { withExclude, withModelOptions, type ModelFlags } from '../options.js';

interface ExplainFlags extends ModelFlags {
  readonly exclude?: readonly string[];
  readonly all?: boolean;
}

/** How much of a long chain, or of a long list of parameters, is shown without --all. */
const SHOWN = 12;

export function explainCommand(): Command {
  return withExclude(withModelOptions(new Command('explain')))
    .description('say why an axis is coupled or frozen, or what a diagnostic means')
    .argument('<model-or-code>', 'a model, or the code of a diagnostic such as E301')
    .argument('[axis]', 'a channel space as `espalier groups` prints it, or name[dimension]')
    .option('--all', 'show long chains and lists whole')
    .addHelpText(
      'after',
      `
Examples:
  $ espalier explain model.json 'conv1/kernel[3]'
  $ espalier explain E301`,
    )
    .action(run);
}

async function run(
  target: string,
  axis: string | undefined,
  given: ExplainFlags,
  command: Command,
): Promise<void> {
  const flags = withConfig(given, command);
  if (axis === undefined) return explainCode(target, flags.json === true);
  const [{ prepareModel, analyseModel }, { Timings }, { explainAxis }] = await Promise.all([
    import('../../compile/prepare.js'),
    import('../../compile/timings.js'),
    import('../../axes/explain.js'),
  ]);
  const options = { rules: flags.rules, inputShapes: flags.input, exclude: flags.exclude };
  const prepared = await prepareModel(target, options, new Timings());
  const { analysis } = analyseModel(prepared, options);
  const explanations = explainAxis(prepared.graph, analysis, axis);
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(explanations, null, 2)}\n`
      : `${explanations.map((e) => describe(axis, e, prepared.graph, flags.all === true)).join('\n\n')}\n`,
  );
}

async function explainCode(code: string, json: boolean): Promise<void> {
  const { describe: describeCode } = await import('../../diagnostics/catalogue.js');
  const found = describeCode(code.toUpperCase());
  if (found === undefined) {
    throw new UsageError(`${code} is no code of a diagnostic; to explain an axis, give a model and an axis`);
  }
  process.stdout.write(
    json
      ? `${JSON.stringify({ code: code.toUpperCase(), ...found }, null, 2)}\n`
      : `${code.toUpperCase()}: ${found.title}\n\n${found.explanation}\n`,
  );
}

const VERDICTS: Readonly<Record<Explanation['status'], string>> = {
  prunable: 'can be pruned',
  frozen: 'can’t be pruned',
  mixes: 'is pruned only with --allow-mixes: values would change',
  keep: 'is pruned only with --prune-kept',
};

function describe(
  axis: string,
  { space, status, chain, parameters }: Explanation,
  graph: Graph,
  all: boolean,
): string {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const name = space === null ? `${axis} (no parameter shows it)` : `${space.id} (${space.size} channels)`;
  const steps = chain.map(({ what, why }) => {
    const node = why.node === null ? undefined : nodes.get(why.node);
    const at = node === undefined ? '' : ` at node "${node.source.name}"`;
    const rule = why.rule === null ? '' : ` (${why.rule.file}:${why.rule.line})`;
    return `  ${what}: ${why.message}${at}${rule}`;
  });
  // Neighbouring events of one node say the same thing.
  const distinct = steps.filter((step, i) => step !== steps[i - 1]);
  return [
    `${name} ${VERDICTS[status]}`,
    ...shortened(distinct, all, (rest) => `  … and ${rest} more steps (--all shows them)`),
    ...(parameters.length === 0
      ? []
      : [`  owned by: ${shortened(parameters, all, (rest) => `and ${rest} more`).join(', ')}`]),
  ].join('\n');
}

/** The beginning and the end of a long list, with what is left out named between them. */
function shortened(list: readonly string[], all: boolean, more: (rest: number) => string): string[] {
  if (all || list.length <= SHOWN + 1) return [...list];
  return [...list.slice(0, SHOWN - 2), more(list.length - SHOWN), ...list.slice(-2)];
}
