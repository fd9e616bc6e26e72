/** The folder for what was computed before. All in it can be computed again. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const month = 30 * 24 * 60 * 60 * 1000;

/** `ESPALIER_CACHE`, else the place that the system has for caches. */
export function cacheDirectory(): string {
  const { ESPALIER_CACHE, XDG_CACHE_HOME } = process.env;
  return ESPALIER_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'espalier');
}

/** Writes a file of the cache. A cache that can't be written to is none: only time is lost. */
export function writeCacheFile(path: string, content: string | Uint8Array): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    removeOld(dirname(path));
    // Another process may read while this one writes.
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, content);
    renameSync(draft, path);
  } catch {
    return;
  }
}

function removeOld(directory: string): void {
  for (const file of readdirSync(directory)) {
    const path = join(directory, file);
    if (/^(rules|checks|types|code)-/.test(file) && Date.now() - statSync(path).mtimeMs > month)
      rmSync(path, { force: true });
  }
}
