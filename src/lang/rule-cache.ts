/**
 * Rule files that were read before, and what the checks said about them. Reading the core's rules with ohm takes a
 * second or more, checking them a tenth, reading both back a few milliseconds. An entry is found by everything that it
 * depends on: the texts, the grammar, and the modules that read and check.
 */
import { createHash, type Hash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import { cacheDirectory, writeCacheFile } from '../files/cache.js';
import type { Declaration, RuleSet, SourceText } from './ast.js';
import { check } from './check.js';
import { grammarText } from './grammar.js';
import { parseFile, type ParsedFile } from './parse.js';
import { buildRuleSet, type RuleSteps } from './rule-set.js';

/** Reads a rule file, from the cache where it is in it. */
export function parseCached(source: SourceText): ParsedFile {
  return cached(treeName(source), () => parseFile(source));
}

/** What is wrong with rules, from the cache where the same texts were checked before. */
function checkCached(rules: RuleSet, declarations: readonly Declaration[]): readonly Diagnostic[] {
  return cached(verdictName(rules), () => check(rules, declarations));
}

/** The steps of `buildRuleSet` with the cache. */
export const cachedSteps: RuleSteps = { parse: parseCached, check: checkCached };

/** Reads and checks rules, and keeps the results with the compiled program. */
export function shipCache(sources: readonly SourceText[], helpers: readonly SourceText[]): void {
  const directory = shippedDirectory();
  rmSync(directory, { recursive: true, force: true });
  const ship = <T>(name: string, value: T): T => {
    writeCacheFile(join(directory, name), JSON.stringify(value));
    return value;
  };
  buildRuleSet(sources, helpers, {
    parse: (source) => ship(treeName(source), parseFile(source)),
    check: (rules, declarations) => ship(verdictName(rules), check(rules, declarations)),
  });
}

function cached<T>(name: string, compute: () => T): T {
  const path = join(cacheDirectory(), name);
  const known = readEntry<T>(join(shippedDirectory(), name)) ?? readEntry<T>(path);
  if (known !== null) return known;
  const value = compute();
  writeCacheFile(path, JSON.stringify(value));
  return value;
}

/** Results for the core's rules, made by the build; there are none beside the sources. */
function shippedDirectory(): string {
  return fileURLToPath(new URL('../../cache/', import.meta.url));
}

function treeName({ file, text }: SourceText): string {
  return entryName('rules', [file, text]);
}

/** The checks see all files at once, and of the helpers their names. */
function verdictName({ files, helpers }: RuleSet): string {
  return entryName('checks', [
    ...files.flatMap(({ file, text }) => [file, text]),
    JSON.stringify([...helpers.keys()]),
  ]);
}

let reader: Hash | undefined;

function entryName(kind: 'rules' | 'checks', parts: readonly string[]): string {
  const hash = (reader ??= hashOfReader()).copy();
  for (const part of parts) hash.update(part).update('\0');
  return `${kind}-${hash.digest('hex').slice(0, 32)}.json`;
}

/** The grammar, and all modules beside this one and below: a change to one of them makes every entry unknown. */
function hashOfReader(): Hash {
  const here = dirname(fileURLToPath(import.meta.url));
  const hash = createHash('sha256').update(grammarText());
  const modules = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'),
  );
  for (const file of modules.sort()) hash.update(file).update(readFileSync(join(here, file)));
  return hash;
}

/** Whatever is wrong with an entry, it is computed again. */
function readEntry<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return null;
  }
}
