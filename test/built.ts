/** The compiled program, as users run it. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const commandLine = join(root, 'dist/src/cli/main.js');

/**
 * The path of a module of the compiled program.
 * @param path in `src`, such as `cli/main.js`
 * @throws Error where the program is older than its sources.
 */
export function builtModule(path: string): string {
  const newest = Math.max(
    ...readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => statSync(join(root, 'src', file)).mtimeMs),
  );
  if (!existsSync(commandLine) || statSync(commandLine).mtimeMs < newest)
    throw new Error('dist is older than src: run `npm run build` first');
  return join(root, 'dist/src', path);
}
