import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The path of a file or directory of this package, from `src/lang` and from `dist/src/lang` alike. */
export function projectFile(path: string): string {
  const candidates = ['../../', '../../../'].map((up) => fileURLToPath(new URL(up + path, import.meta.url)));
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error(`The installation is incomplete: ${path} is missing`);
  return found;
}
