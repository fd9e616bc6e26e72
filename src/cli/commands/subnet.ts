import { Command, InvalidArgumentError, Option } from 'commander';
import type { RatioPruner } from '../../supernet/ratio-pruner.js';
import { UsageError } from '../errors.js';
import { number, withModelOptions, type ModelFlags } from '../options.js';

interface SubnetFlags extends ModelFlags {
  readonly out?: string;
  readonly format: 'spaces' | 'modules';
  readonly except?: readonly string[];
  readonly allowMixes?: boolean;
  readonly pruneKept?: boolean;
  readonly ratios: readonly number[];
  readonly seed?: number;
  readonly channels: 'leading' | 'random';
}

export function subnetCommand(): Command {
  const command = new Command('subnet')
    .description('write subnet files: which channels of a model stay')
    .addHelpText(
      'after',
      `
Examples:
  $ espalier subnet sample model.json --seed 1 --out subnet.json
  $ espalier compile model.json --subnet subnet.json --out pruned`,
    );
  command.addCommand(
    choosing('sample', 'draw a ratio for every space', (pruner) => pruner.setSubnet(pruner.sampleSubnet())),
  );
  command.addCommand(
    choosing('min', 'give every space the smallest ratio', (pruner) => pruner.setMinChannel()),
  );
  command.addCommand(choosing('max', 'keep all channels', (pruner) => pruner.setMaxChannel()));
  command.addCommand(binsCommand());
  command.addCommand(deployCommand());
  return command;
}

/** A command that sets a subnet of a model and writes it. */
function choosing(name: string, summary: string, choose: (pruner: RatioPruner) => void): Command {
  return withOutput(withSpaces(new Command(name)))
    .description(summary)
    .addOption(
      new Option('--ratios <list>', 'fractions of channels to keep, of which each space takes one')
        .argParser(ratioList)
        .default([0.25, 0.5, 0.75, 1], '0.25,0.5,0.75,1'),
    )
    .addOption(new Option('--seed <n>', 'the same seed draws the same subnet').argParser(number))
    .addOption(
      new Option('--channels <which>', 'which channels stay')
        .choices(['leading', 'random'])
        .default('leading'),
    )
    .addHelpText('after', `\nExample:\n  $ espalier subnet ${name} model.json --out subnet.json`)
    .action(async (model: string, flags: SubnetFlags) => {
      const pruner = await preparedPruner(model, flags);
      choose(pruner);
      await writeSubnet(pruner, flags);
    });
}

function binsCommand(): Command {
  return withOutput(withSpaces(new Command('bins')))
    .description('cut every space into bins, and keep those that are on')
    .addOption(new Option('--bins <n>', 'how many bins a space has').argParser(number).default(8))
    .option(
      '--on <mask>',
      'which bins are on in every space: one digit a bin, such as 11110000 (default: all)',
    )
    .option(
      '--set <space=mask>',
      'which are on in one space (repeatable)',
      (text: string, previous: readonly string[] = []) => [...previous, text],
    )
    .addHelpText(
      'after',
      `\nExample:\n  $ espalier subnet bins model.json --bins 4 --on 1100 --set 'conv1/kernel[3]=1111' --out subnet.json`,
    )
    .action(
      async (
        model: string,
        flags: SubnetFlags & {
          readonly bins: number;
          readonly on?: string;
          readonly set?: readonly string[];
        },
      ) => {
        const pruner = await preparedPruner(model, { ...flags, ratios: [1], channels: 'leading' });
        const all = pruner.getMaxChannelBins(flags.bins);
        const on = flags.on === undefined ? null : digits('--on', flags.on);
        const bins = Object.fromEntries(Object.entries(all).map(([id, mask]) => [id, on ?? mask]));
        for (const text of flags.set ?? []) {
          const at = text.lastIndexOf('=');
          if (at < 1) throw new UsageError(`--set ${text}: write SPACE=MASK, such as conv1/kernel[3]=1100`);
          const name = text.slice(0, at);
          // The same space may go by two names; what is said of one in particular counts.
          bins[pruner.spaces.named(name)?.id ?? name] = digits('--set', text.slice(at + 1));
        }
        pruner.setChannelBins(bins, flags.bins);
        await writeSubnet(pruner, flags);
      },
    );
}

function deployCommand(): Command {
  return withSpaces(new Command('deploy'))
    .description(
      'write the sliced weights of a subnet under the names of the source model, for its own framework',
    )
    .requiredOption('--subnet <file>', 'a subnet file: of `espalier subnet`, subnet.json, or MMRazor’s')
    .requiredOption('--out <dir>', 'the folder for weights.safetensors and channels.json')
    .addHelpText('after', '\nExample:\n  $ espalier subnet deploy trace --subnet subnet.json --out deployed')
    .action(async (model: string, flags: SubnetFlags & { readonly subnet: string; readonly out: string }) => {
      const { readSubnetFile } = await import('../../supernet/subnet-file.js');
      const file = await readSubnetFile(flags.subnet);
      const pruner = await preparedPruner(model, { ...flags, ratios: [1], channels: 'leading' });
      pruner.loadSubnet(file);
      const { files } = await pruner.deploySubnet({ out: flags.out });
      process.stdout.write(
        flags.json === true ? `${JSON.stringify({ files }, null, 2)}\n` : `Written: ${files.join(', ')}\n`,
      );
    });
}

/** Options that say which spaces there are. */
function withSpaces(command: Command): Command {
  return withModelOptions(command)
    .argument('<model>', 'a model.json, a trace.json, a folder with one, or a module')
    .option('--except <key...>', 'modules that keep their channels: beginnings of names, or globs')
    .option('--allow-mixes', 'also spaces over which the network takes statistics; values change')
    .option('--prune-kept', 'also axes that rules mark keep, such as groups and heads');
}

const withOutput = (command: Command): Command =>
  command
    .option('--out <file>', 'the file to write (default: print)')
    .addOption(
      new Option('--format <format>', 'kept channels of spaces, or widths of modules as MMRazor has them')
        .choices(['spaces', 'modules'])
        .default('spaces'),
    );

async function preparedPruner(model: string, flags: SubnetFlags): Promise<RatioPruner> {
  const { RatioPruner } = await import('../../supernet/ratio-pruner.js');
  const pruner = new RatioPruner({
    ratios: flags.ratios,
    channels: flags.channels,
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.except === undefined ? {} : { exceptStartKeys: flags.except }),
    allowMixes: flags.allowMixes ?? false,
    pruneKept: flags.pruneKept ?? false,
  });
  await pruner.prepareFromSupernet(model, { rules: flags.rules ?? [], inputShapes: flags.input });
  return pruner;
}

async function writeSubnet(pruner: RatioPruner, flags: SubnetFlags): Promise<void> {
  const [{ printSubnetFile }, { printConfig }] = await Promise.all([
    import('../../supernet/subnet-file.js'),
    import('../../supernet/channel-config.js'),
  ]);
  const text =
    flags.format === 'modules'
      ? printConfig(pruner.exportSubnet())
      : printSubnetFile(pruner.spaces, pruner.keep);
  if (flags.out === undefined) {
    process.stdout.write(text);
    return;
  }
  const [{ writeOutputs }, { basename, dirname }] = await Promise.all([
    import('../../compile/write.js'),
    import('node:path'),
  ]);
  const files = await writeOutputs(dirname(flags.out), { [basename(flags.out)]: text });
  process.stdout.write(
    flags.json === true ? `${JSON.stringify({ files }, null, 2)}\n` : `Written: ${files.join(', ')}\n`,
  );
}

function ratioList(text: string): number[] {
  return text.split(',').map((part) => {
    const ratio = number(part);
    if (ratio > 0 && ratio <= 1) return ratio;
    throw new InvalidArgumentError('Ratios are more than 0 and at most 1, such as 0.25,0.5,1.');
  });
}

function digits(flag: string, text: string): Uint8Array {
  if (/^[01]+$/.test(text)) return Uint8Array.from(text, Number);
  throw new UsageError(`${flag} ${text}: write one digit a bin, 1 for on and 0 for off, such as 1100`);
}
