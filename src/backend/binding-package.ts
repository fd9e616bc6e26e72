/** Where the package @tensorflow/tfjs-node-gpu is, and what its native library was built from. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fail } from '../diagnostics/diagnostic.js';
import { projectFile } from '../lang/project-file.js';

export const packageName = '@tensorflow/tfjs-node-gpu';

export interface BindingPackage {
  readonly folder: string;
  readonly version: string;
  /** Where the package looks for its native library. */
  readonly libraryFolder: string;
  readonly library: string;
}

/** What is noted beside a native library: enough to know whether it is the one asked for. */
export interface BuildRecord {
  readonly wheel: string;
  readonly tensorflow: string;
  readonly folder: string;
  /** What was compiled; see `bindingRevision`. */
  readonly binding: number;
}

/** Counted up with every change of what is compiled, so that what is there is built anew. */
export const bindingRevision = 2;

/** The version of Node-API that the package asks for on every Node.js that Espalier runs on. */
export const nodeApiVersion = 8;

const recordFile = 'espalier-build.json';

/**
 * Finds the package.
 * @param given the package's own folder, or one whose node_modules holds it; else the working directory, then Espalier
 */
export function findBindingPackage(given?: string): BindingPackage {
  const roots =
    given === undefined ? [process.cwd(), dirname(projectFile('package.json'))] : [resolve(given)];
  for (const root of roots) {
    const found = readPackage(join(root, 'package.json')) ?? installedPackage(root);
    if (found !== null) return found;
  }
  return fail({
    code: 'E912',
    message: `the package ${packageName} is not installed`,
    why: `Looked in:\n${roots.join('\n')}`,
    help:
      `npm install --ignore-scripts ${packageName}\n` +
      'Without scripts, since its own script downloads an old TensorFlow, and npm drops the package where it can’t.',
  });
}

function installedPackage(root: string): BindingPackage | null {
  const require = createRequire(join(root, 'package.json'));
  const places = (require.resolve.paths(packageName) ?? []).map((folder) =>
    join(folder, packageName, 'package.json'),
  );
  const file = places.find(existsSync);
  return file === undefined ? null : readPackage(file);
}

function readPackage(file: string): BindingPackage | null {
  if (!existsSync(file)) return null;
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
  if (name !== packageName) return null;
  const folder = dirname(file);
  const libraryFolder = join(folder, 'lib', `napi-v${nodeApiVersion}`);
  return {
    folder,
    version: String(version),
    libraryFolder,
    library: join(libraryFolder, 'tfjs_binding.node'),
  };
}

/** What was noted when the library was built; null where Espalier has not built it. */
export function readBuildRecord({ libraryFolder }: BindingPackage): BuildRecord | null {
  const file = join(libraryFolder, recordFile);
  if (!existsSync(file)) return null;
  const { wheel, tensorflow, folder, binding } = JSON.parse(readFileSync(file, 'utf8')) as Record<
    string,
    unknown
  >;
  return {
    wheel: String(wheel),
    tensorflow: String(tensorflow),
    folder: String(folder),
    binding: Number(binding ?? 1),
  };
}

export const buildRecordFile = (libraryFolder: string): string => join(libraryFolder, recordFile);
