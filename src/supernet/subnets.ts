/** From what is said about spaces to the channels that are kept; everything that is wrong is found at once. */
import type { Space } from '../axes/analysis.js';
import type { Keep } from '../axes/indices.js';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { DiagnosticError } from '../diagnostics/diagnostic.js';
import { readChannels, type Channels } from './channels.js';
import type { ChannelSpaces } from './spaces.js';

/** Which channels stay, by space. Spaces that are not named keep all. */
export type SubnetChoice = Readonly<Record<string, Channels>>;

/** The kept channels, by leaf; spaces that keep all are left out. */
export function keepOfChoice(spaces: ChannelSpaces, choice: Iterable<readonly [string, unknown]>): Keep {
  const problems: Diagnostic[] = [];
  const said = new Map<
    number,
    { readonly name: string; readonly kept: readonly number[]; readonly size: number }
  >();
  for (const [name, channels] of choice) {
    const space = spaces.named(name)?.space ?? closedSpace(spaces, name);
    if (space === undefined) {
      problems.push(unknownSpace(name, spaces));
      continue;
    }
    const read = readChannels(channels, space.size);
    if ('problem' in read) {
      problems.push(badChannels(name, read.problem));
      continue;
    }
    const { kept } = read;
    const first = said.get(space.leaf);
    if (first !== undefined && String(first.kept) !== String(kept)) {
      problems.push(contradiction(name, kept.length, first.name, first.kept.length));
    } else if (kept.length < space.size && spaces.named(name) === undefined) {
      problems.push(closed(name, space));
    } else said.set(space.leaf, { name, kept, size: space.size });
  }
  throwProblems(problems);
  return new Map(
    [...said].flatMap(([leaf, { kept, size }]) => (kept.length < size ? [[leaf, kept] as const] : [])),
  );
}

/** A space of the network that can't be pruned, or is not to be. */
function closedSpace(spaces: ChannelSpaces, name: string): Space | undefined {
  return spaces.analysis.spaces.find(({ id }) => id === name);
}

export function throwProblems(problems: readonly Diagnostic[]): void {
  if (problems.length > 0) throw new DiagnosticError(problems);
}

function unknownSpace(name: string, spaces: ChannelSpaces): Diagnostic {
  const names = spaces.list.map(({ id }) => id);
  const shown = names.slice(0, 8).join(', ') + (names.length > 8 ? ', …' : '');
  return {
    code: 'E430',
    severity: 'error',
    message: `there is no channel space ${JSON.stringify(name)}`,
    why: `The network has ${names.length}: ${shown}.`,
    help: '`espalier groups MODEL` lists them; a space can also go by its module or its group.',
  };
}

function badChannels(name: string, problem: string): Diagnostic {
  return {
    code: 'E431',
    severity: 'error',
    message: `the space ${JSON.stringify(name)} ${problem}`,
    help: 'Give the indices of the channels that stay, `[0, 1, 5]`, or a mask with one digit a channel, `"110001"`.',
  };
}

export function contradiction(second: string, count: number, first: string, firstCount: number): Diagnostic {
  const counts = count === firstCount ? 'other channels' : `${count} channels, not ${firstCount}`;
  return {
    code: 'E432',
    severity: 'error',
    message: `${JSON.stringify(second)} is to keep ${counts}, and it shares its channels with ${JSON.stringify(first)}`,
    why: 'Modules whose channels are added up, or pass from one to the other, lose the same ones.',
    help: '`espalier explain MODEL SPACE` says what couples them; give both the same channels.',
  };
}

function closed(name: string, { frozen, mixes, keep }: Space): Diagnostic {
  const reason = [...frozen, ...mixes, ...keep][0]?.message;
  const flag =
    frozen.length > 0 ? null : mixes.length > 0 ? '--allow-mixes' : keep.length > 0 ? '--prune-kept' : null;
  return {
    code: 'E433',
    severity: 'error',
    message: `the space ${JSON.stringify(name)} can't lose channels`,
    ...(reason === undefined ? { why: 'It is excluded.' } : { why: `${reason}.` }),
    help:
      flag === null
        ? 'Leave it out, or let it keep all of its channels.'
        : `Leave it out, or ask for it with ${flag}.`,
  };
}
