/** Compiles the package's own binding against a TensorFlow. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../diagnostics/diagnostic.js';
import { nodeApiVersion, packageName, type BindingPackage } from './binding-package.js';
import { libraryNames } from './tensorflow-library.js';
import { lastLines, runTool } from './tool.js';
import type { Toolchain } from './toolchain.js';

/**
 * @param tensorflow a folder as `tensorflowFolder` gives it; the binding finds its libraries there
 * @param target the file to write
 */
export async function compileBinding(
  target: string,
  { folder }: BindingPackage,
  tensorflow: string,
  headers: string,
  { compiler }: Toolchain,
): Promise<void> {
  const binding = join(folder, 'binding');
  const sources = existsSync(binding)
    ? readdirSync(binding)
        .filter((file) => file.endsWith('.cc'))
        .sort()
    : [];
  if (sources.length === 0) {
    fail({
      code: 'E912',
      message: `${packageName} has no sources of its binding`,
      where: binding,
      help: `Install it again: npm install --ignore-scripts ${packageName}`,
    });
  }
  const libraries = join(tensorflow, 'tensorflow');
  const result = await runTool(compiler, [
    ...['-std=c++17', '-O2', '-shared', '-fPIC', `-DNAPI_VERSION=${nodeApiVersion}`],
    ...[headers, join(libraries, 'include'), folder].flatMap((include) => ['-I', include]),
    ...sources.map((file) => join(binding, file)),
    ...libraryNames.map((name) => join(libraries, name)),
    ...['-rpath', libraries].flatMap((option) => ['-Xlinker', option]),
    ...['-o', target],
  ]);
  if (result.ok) return;
  fail({
    code: 'E914',
    message: `the binding of ${packageName} does not compile`,
    where: binding,
    why: `${compiler} says:\n${lastLines(result, 20)}`,
    help: 'Take a TensorFlow that was tried, without --tensorflow. If it was one, please report this.',
  });
}
