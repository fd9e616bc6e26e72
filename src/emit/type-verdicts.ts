/** What the type checker said about statements, kept in a file between runs. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory, writeCacheFile } from '../files/cache.js';

/** Null: the types are right. */
export type Verdict = string | null;

/** More are not kept: a cache, not an archive. */
const mostEntries = 20_000;

export class TypeVerdicts {
  readonly #path = join(cacheDirectory(), `types-${environment()}.json`);
  readonly #known = readVerdicts(this.#path);
  readonly #added = new Map<string, Verdict>();

  /** @param typing as `typingOf` gives it */
  get(typing: string): Verdict | undefined {
    return this.#known.get(digest(typing));
  }

  set(typing: string, verdict: Verdict): void {
    const key = digest(typing);
    if (this.#known.get(key) === verdict) return;
    this.#known.set(key, verdict);
    this.#added.set(key, verdict);
  }

  /** Adds what is new to the file; another process may have added to it as well. */
  save(): void {
    if (this.#added.size === 0) return;
    const all = [...readVerdicts(this.#path), ...this.#added];
    writeCacheFile(this.#path, JSON.stringify(Object.fromEntries(all.slice(-mostEntries))));
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** The checker, its settings, the declarations that it reads: a change to one of them makes every verdict unknown. */
function environment(): string {
  const require = createRequire(import.meta.url);
  const version = (name: string): string =>
    (JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string })
      .version;
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const ours = ['type-check', 'typing', 'forms', 'statement', 'types'].map((name) =>
    readFileSync(fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url)), 'utf8'),
  );
  const theirs = ['ts-morph', 'typescript', '@tensorflow/tfjs-core'].map(version);
  return digest([...theirs, ...ours].join('\0'));
}

/** Whatever is wrong with the file, the checker is asked again. */
function readVerdicts(path: string): Map<string, Verdict> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Verdict>));
  } catch {
    return new Map();
  }
}
