/** Defaults from the project: the field `espalier` of package.json, or espalier.config.json, in the current folder. */
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { fail } from '../diagnostics/diagnostic.js';

const FILES = ['espalier.config.json', 'package.json'] as const;

/** The flags given, completed by the project's defaults. Flags that the user gave win. */
export function withConfig<T extends object>(flags: T, command: Command): T {
  const config = readConfig();
  if (config === null) return flags;
  const known = new Map(command.options.map((option) => [option.attributeName(), option]));
  const unknown = Object.keys(config.values).filter((name) => !known.has(name));
  // One configuration serves all commands: only what no command knows is wrong.
  const foreign = unknown.filter((name) => !SHARED.has(name));
  if (foreign.length > 0) {
    fail({
      code: 'E904',
      message: `${config.file} sets ${foreign.join(', ')}, which ${foreign.length === 1 ? 'is' : 'are'} no option`,
      where: config.file,
      help: `Options: ${[...SHARED].sort().join(', ')}.`,
    });
  }
  const defaults = Object.entries(config.values).filter(
    ([name]) => known.has(name) && command.getOptionValueSource(name) !== 'cli',
  );
  return { ...flags, ...Object.fromEntries(defaults) };
}

/** Names that a configuration may set. */
const SHARED = new Set([
  'out',
  'rules',
  'backend',
  'ratio',
  'globalRatio',
  'flops',
  'params',
  'importance',
  'roundTo',
  'minChannels',
  'exclude',
  'allowMixes',
  'pruneKept',
  'seed',
  'trainable',
  'verify',
  'timings',
]);

function readConfig(): { readonly file: string; readonly values: Readonly<Record<string, unknown>> } | null {
  for (const file of FILES) {
    if (!existsSync(file)) continue;
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      return fail({
        code: 'E904',
        message: `${file} is not JSON`,
        where: file,
        why: (error as Error).message,
      });
    }
    const values = file === 'package.json' ? (json as { espalier?: unknown } | null)?.espalier : json;
    if (values === undefined) continue;
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      return fail({ code: 'E904', message: 'the configuration must be an object', where: file });
    }
    return { file, values: values as Record<string, unknown> };
  }
  return null;
}
