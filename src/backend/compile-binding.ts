/** Compiles the package's own binding, completed, against a TensorFlow. */
import { join } from 'node:path';
import { fail } from '../diagnostics/diagnostic.js';
import { nodeApiVersion, packageName, type BindingPackage } from './binding-package.js';
import { copyBindingSource } from './binding-source.js';
import { libraryNames } from './tensorflow-library.js';
import { lastLines, runTool } from './tool.js';
import type { Toolchain } from './toolchain.js';

/**
 * @param tensorflow a folder as `tensorflowFolder` gives it; the binding finds its libraries there
 * @param target the file to write
 * @param work a folder for the sources
 * @returns whether the binding can pass lists of texts and types on, which fused kernels need
 */
export async function compileBinding(
  target: string,
  work: string,
  { folder }: BindingPackage,
  tensorflow: string,
  headers: string,
  { compiler }: Toolchain,
): Promise<boolean> {
  const binding = join(folder, 'binding');
  // Its own includes begin with the folder's name.
  const { files, lists } = copyBindingSource(binding, join(work, 'binding'));
  if (files.length === 0) {
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
    ...[headers, join(libraries, 'include'), work].flatMap((include) => ['-I', include]),
    ...files,
    ...libraryNames.map((name) => join(libraries, name)),
    ...['-rpath', libraries].flatMap((option) => ['-Xlinker', option]),
    ...['-o', target],
  ]);
  if (result.ok) return lists;
  return fail({
    code: 'E914',
    message: `the binding of ${packageName} does not compile`,
    where: binding,
    why: `${compiler} says:\n${lastLines(result, 20)}`,
    help: 'Take a TensorFlow that was tried, without --tensorflow. If it was one, please report this.',
  });
}
