/**
 * Loads a JavaScript or TypeScript module of the user's.
 *
 * TypeScript is compiled, without type checks, into a temporary folder. There, relative imports are replaced by the
 * full path of what they name (TypeScript files among them are compiled likewise), `import.meta.url` by the URL of the
 * original, and packages are found as they are from the original's folder. Limits: path aliases of a tsconfig.json and
 * relative paths that are computed while the module runs are not resolved, and `__dirname` is not there, as in any ES
 * module.
 */
import { readFile, rm } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '../../diagnostics/diagnostic.js';
import { authorsPlace } from './model-subjects.js';
import { codePlace, printPlace } from './places.js';
import type { Locate } from './places.js';

export interface LoadedModule {
  /** What the module exports by default. */
  readonly exported: unknown;
  /** The module's own bytes. */
  readonly source: Uint8Array;
  readonly locate: Locate;
}

const scriptExtensions = new Set(['.js', '.mjs', '.cjs']);
const typeScriptExtensions = new Set(['.ts', '.mts', '.cts']);

/** Whether a path is that of a module that can be loaded. */
export function isModulePath(path: string): boolean {
  const extension = extname(path);
  return scriptExtensions.has(extension) || typeScriptExtensions.has(extension);
}

export async function loadModule(path: string): Promise<LoadedModule> {
  const file = resolve(path);
  const source = await readFile(file);
  if (!typeScriptExtensions.has(extname(file))) {
    return { exported: await importDefault(file, path, authorsPlace), source, locate: authorsPlace };
  }
  const { compileTypeScript } = await import('./compile-typescript.js');
  const compiled = await compileTypeScript(file);
  try {
    const { locate } = compiled;
    return { exported: await importDefault(compiled.entry, path, locate), source, locate };
  } finally {
    await rm(compiled.folder, { recursive: true, force: true });
  }
}

async function importDefault(file: string, shown: string, locate: Locate): Promise<unknown> {
  let namespace: { readonly default?: unknown };
  try {
    namespace = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { readonly default?: unknown };
  } catch (error) {
    const place = error instanceof Error ? codePlace(error.stack, locate) : null;
    return fail({
      code: 'E259',
      message: `the module ${shown} can't be loaded`,
      where: place === null ? shown : printPlace(place),
      why: error instanceof Error ? error.message : String(error),
      help: 'the module must run in Node.js as it is: try `node ' + shown + '`',
    });
  }
  const exported = namespace.default;
  // A CommonJS module that was compiled from an ES module has its default export one level down.
  return typeof exported === 'object' && exported !== null && 'default' in exported
    ? exported.default
    : exported;
}
