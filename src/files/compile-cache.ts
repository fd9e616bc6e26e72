/**
 * What V8 makes of the text of large packages (ts-morph, TensorFlow.js), kept between runs: compiling 12 MB of text
 * takes 0.3 s of every command that loads them. Node.js 22 can do so by itself. For Node.js 20, the code of large files is kept at the
 * end of the process, when V8 has compiled the functions that were called, which saves most.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';
import { cacheDirectory, writeCacheFile } from './cache.js';

/** Parts of Node.js's loader that its types leave out; in Node.js 20 only `_compile` is there. */
interface Loader {
  readonly enableCompileCache?: (directory: string) => unknown;
  readonly Module: { readonly wrap: (text: string) => string; readonly prototype: { _compile: Compile } };
}
type Compile = (this: CommonJs, text: string, file: string) => unknown;

interface CommonJs {
  readonly exports: unknown;
  readonly require: (name: string) => unknown;
}
type Wrapper = (
  this: unknown,
  exports: unknown,
  require: NodeJS.Require,
  module: CommonJs,
  file: string,
  directory: string,
) => unknown;

const loader = nodeModule as unknown as Loader;

/** Smaller files are compiled as fast as their code is read. */
const largeText = 100_000;

let isOn = false;

/** Makes this process keep compiled code. For one of its own, such as the command line. */
export function keepCompiledCode(): void {
  if (loader.enableCompileCache !== undefined) loader.enableCompileCache(join(cacheDirectory(), 'code'));
  else isOn = true;
}

/** Loads packages in CommonJS by the code that was kept, where this process keeps it. */
export function withCompiledCode<T>(load: () => T): T {
  if (!isOn) return load();
  const modules = loader.Module.prototype;
  const compile = modules._compile;
  modules._compile = function (text, file) {
    if (text.length < largeText || text.startsWith('#!')) return compile.call(this, text, file);
    const run = codeOf(text, file).runInThisContext() as Wrapper;
    return run.call(this.exports, this.exports, nodeModule.createRequire(file), this, file, dirname(file));
  };
  try {
    return load();
  } finally {
    modules._compile = compile;
  }
}

function codeOf(text: string, file: string): Script {
  const path = join(cacheDirectory(), entryName(file));
  const known = readCode(path);
  const script = new Script(loader.Module.wrap(text), {
    filename: file,
    cachedData: known,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // V8 refuses code that another version made, or one with other flags.
  if (known === undefined || script.cachedDataRejected === true) {
    if (unkept.size === 0) process.once('exit', keepAll);
    unkept.set(path, script);
  }
  return script;
}

/** Code that is not in the cache yet, by the files that it belongs in. */
const unkept = new Map<string, Script>();

function keepAll(): void {
  for (const [path, script] of unkept) writeCacheFile(path, script.createCachedData());
}

/** By what tells one version of a package from another; V8 itself compares the lengths of the texts only. */
function entryName(file: string): string {
  const { mtimeMs, size } = statSync(file);
  const hash = createHash('sha256').update(JSON.stringify([file, mtimeMs, size, process.version]));
  return `code-${hash.digest('hex').slice(0, 32)}`;
}

/** Whatever is wrong with an entry, the text is compiled. */
function readCode(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
