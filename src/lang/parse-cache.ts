/**
 * Rule files that were read before. Reading the core's rules with ohm takes a second or more, reading their trees back
 * a few milliseconds. An entry is found by everything that it depends on: the text, the grammar and the parser itself.
 */
import { createHash, type Hash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory, writeCacheFile } from '../files/cache.js';
import type { SourceText } from './ast.js';
import { grammarText } from './grammar.js';
import { parseFile, type ParsedFile } from './parse.js';

/** Reads a rule file, from the cache where it is in it. */
export function parseCached(source: SourceText): ParsedFile {
  const name = `rules-${keyOf(source)}.json`;
  const path = join(cacheDirectory(), name);
  const known = readEntry(join(shippedDirectory(), name)) ?? readEntry(path);
  if (known !== null) return known;
  const parsed = parseFile(source);
  writeCacheFile(path, JSON.stringify(parsed));
  return parsed;
}

/** Reads rule files and keeps their trees with the compiled program. */
export function shipTrees(sources: readonly SourceText[]): void {
  const directory = shippedDirectory();
  rmSync(directory, { recursive: true, force: true });
  for (const source of sources)
    writeCacheFile(join(directory, `rules-${keyOf(source)}.json`), JSON.stringify(parseFile(source)));
}

/** Trees of the core's rules, made by the build; there are none beside the sources. */
function shippedDirectory(): string {
  return fileURLToPath(new URL('../../cache/', import.meta.url));
}

let parser: Hash | undefined;

function keyOf({ file, text }: SourceText): string {
  parser ??= hashOfParser();
  return parser.copy().update(file).update('\0').update(text).digest('hex').slice(0, 32);
}

/** The grammar, and all modules beside this one: a change to the parser makes every entry unknown. */
function hashOfParser(): Hash {
  const here = dirname(fileURLToPath(import.meta.url));
  const hash = createHash('sha256').update(grammarText());
  const modules = readdirSync(here).filter((file) => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'));
  for (const file of modules.sort()) hash.update(file).update(readFileSync(join(here, file)));
  return hash;
}

/** Whatever is wrong with an entry, the file is read again. */
function readEntry(path: string): ParsedFile | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ParsedFile;
  } catch {
    return null;
  }
}
