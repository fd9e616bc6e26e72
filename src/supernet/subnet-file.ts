/**
 * Subnet files: which channels stay. Four kinds are read; each is told by its structure.
 *
 * - what `espalier subnet` writes: `{ "version": 1, "spaces": { "conv1/kernel[3]": [0, 1, 5] } }`;
 * - the `subnet.json` that `espalier compile` writes;
 * - MMRazor's `export_subnet` as JSON: module -> in_channels, raw_in_channels, out_channels, raw_out_channels;
 * - the same as YAML, as AutoSlim's configurations are.
 *
 * The files come from elsewhere: everything in them is checked.
 */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Keep } from '../axes/indices.js';
import { type Diagnostic, DiagnosticError, fail } from '../diagnostics/diagnostic.js';
import { loadPackage } from '../files/packages.js';
import { readSubnet } from '../prune/read-subnet.js';
import { keepOfConfig, type ModuleConfig } from './channel-config.js';
import type { ChannelSpaces } from './spaces.js';
import { keepOfChoice } from './subnets.js';

/** A file that has been read and is not yet held against a network. */
export type SubnetFile =
  | { readonly kind: 'spaces'; readonly entries: readonly (readonly [string, unknown])[] }
  | { readonly kind: 'modules'; readonly entries: readonly (readonly [string, ModuleConfig])[] };

/** Reads a subnet file. */
export async function readSubnetFile(path: string): Promise<SubnetFile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return fail({
      code: 'E434',
      message: `the subnet file ${path} can't be read`,
      why: (error as Error).message,
      help: '`espalier subnet sample MODEL --out FILE` writes one.',
    });
  }
  return parseSubnetFile(text, path);
}

/** @throws DiagnosticError with every problem of the file's structure */
export function parseSubnetFile(text: string, file: string): SubnetFile {
  const value = parseText(text, file);
  if (!isFields(value)) return unknownStructure(file, 'it is not an object');
  const { spaces } = value;
  if (Array.isArray(spaces)) {
    const entries = readSubnet(text, file).spaces.map(({ id, kept }) => [id, kept] as const);
    return { kind: 'spaces', entries };
  }
  if (isFields(spaces)) {
    if (value['version'] !== 1) return unknownStructure(file, 'its version is not 1');
    return { kind: 'spaces', entries: Object.entries(spaces) };
  }
  return { kind: 'modules', entries: moduleConfigs(value, file) };
}

/** The channels that the file keeps in a network. */
export function keepOfFile(spaces: ChannelSpaces, file: SubnetFile): Keep {
  return file.kind === 'spaces' ? keepOfChoice(spaces, file.entries) : keepOfConfig(spaces, file.entries);
}

/** The text of a subnet file: every space in one line, with the indices of the channels that stay. */
export function printSubnetFile(spaces: ChannelSpaces, keep: Keep): string {
  const lines = spaces.list.map(({ space }) => {
    const kept = keep.get(space.leaf) ?? null;
    return `    ${JSON.stringify(space.id)}: ${kept === null ? 'null' : `[${kept.join(', ')}]`}`;
  });
  return `{\n  "version": 1,\n  "spaces": {\n${lines.join(',\n')}\n  }\n}\n`;
}

function parseText(text: string, file: string): unknown {
  const isYaml = ['.yaml', '.yml'].includes(extname(file).toLowerCase());
  try {
    return isYaml ? (loadPackage('yaml').parse(text) as unknown) : JSON.parse(text);
  } catch (error) {
    return fail({
      code: 'E434',
      message: `${file} is not ${isYaml ? 'YAML' : 'JSON'}`,
      where: file,
      why: (error as Error).message,
      help: 'Files that end in .yaml or .yml are read as YAML, all others as JSON.',
    });
  }
}

const counts = ['in_channels', 'raw_in_channels', 'out_channels', 'raw_out_channels'] as const;
const lists = ['kept_in', 'kept_out'] as const;

function moduleConfigs(value: Fields, file: string): [string, ModuleConfig][] {
  const entries = Object.entries(value);
  if (!entries.some(([, module]) => isFields(module) && counts.some((key) => key in module))) {
    return unknownStructure(file, 'it has neither `spaces`, nor modules with `out_channels`');
  }
  const problems: Diagnostic[] = [];
  const expect = (holds: boolean, name: string, what: string): void => {
    const message = `${JSON.stringify(name)} ${what}`;
    if (!holds) problems.push({ code: 'E434', severity: 'error', message, where: file });
  };
  for (const [name, module] of entries) {
    expect(isFields(module), name, 'is not an object');
    if (!isFields(module)) continue;
    for (const key of counts) {
      const count = module[key] ?? 0;
      expect(isCount(count), name, `has a \`${key}\` that is not a whole number from 0`);
    }
    for (const key of lists) {
      const list = module[key] ?? [];
      expect(
        Array.isArray(list) && list.every(isCount),
        name,
        `has a \`${key}\` that is not a list of indices`,
      );
    }
  }
  if (problems.length > 0) throw new DiagnosticError(problems);
  return entries as [string, ModuleConfig][];
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function unknownStructure(file: string, why: string): never {
  return fail({
    code: 'E434',
    message: `${file} is not a subnet file`,
    where: file,
    why,
    help:
      'A subnet file names spaces, `{ "version": 1, "spaces": { "conv1/kernel[3]": [0, 1] } }`, or the widths of modules, ' +
      '`{ "conv1": { "in_channels": 3, "out_channels": 8 } }`; `espalier subnet --help` writes one.',
  });
}
