/** The native library of @tensorflow/tfjs-node-gpu, built for real. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBindingPackage } from '../../src/backend/binding-package.js';
import { defaultCacheFolder } from '../../src/backend/folders.js';
import { installBackend, type InstallOptions } from '../../src/backend/install.js';
import { triedVersions } from '../../src/backend/tensorflow-library.js';

const run = promisify(execFile);

const options: InstallOptions = {
  cuda: false,
  version: triedVersions[0],
  cache: defaultCacheFolder(),
  force: false,
  onStep: () => undefined,
  onProgress: () => undefined,
};

describe('backend install', () => {
  let project: string;
  beforeAll(async () => {
    // A project with the package and what the package needs, but without a native library.
    project = await mkdtemp(join(tmpdir(), 'espalier-project-'));
    const { folder } = findBindingPackage();
    const copy = join(project, 'node_modules/@tensorflow/tfjs-node-gpu');
    await mkdir(copy, { recursive: true });
    for (const part of ['package.json', 'binding', 'dist']) await run('cp', ['-r', join(folder, part), copy]);
    await symlink(dirname(dirname(folder)), join(copy, 'node_modules'));
    await writeFile(join(project, 'package.json'), '{}');
  });
  afterAll(() => rm(project, { recursive: true, force: true }));

  it('has been run, and has nothing to do', async () => {
    expect(await installBackend(options)).toMatchObject({ built: false, tensorflow: triedVersions[0] });
  });

  it.each(triedVersions)('gives a project a working require with TensorFlow %s', async (version) => {
    const installed = await installBackend({ ...options, version, packageDir: project });
    expect(installed).toMatchObject({ built: true, gpu: false, tensorflow: version });
    const script = `const tf = require('@tensorflow/tfjs-node-gpu');
      const { TF_ATTR_BOOL, TF_ATTR_INT, TF_ATTR_STRING, TF_ATTR_TYPE, TF_FLOAT } = tf.backend().binding;
      const attributes = [
        ['T', TF_ATTR_TYPE, TF_FLOAT], ['transpose_a', TF_ATTR_BOOL, false], ['transpose_b', TF_ATTR_BOOL, false],
        ['num_args', TF_ATTR_INT, 1], ['fused_ops', TF_ATTR_STRING, ['BiasAdd', 'Relu6']],
      ].map(([name, type, value]) => ({ name, type, value }));
      const tensors = [[[1, 2]], [[3, -3, 0], [4, -4, 1]], [0, 0, 1]].map((values) => tf.tensor(values));
      console.log(tf.getBackend(), ...tf.backend().executeSingleOutput('_FusedMatMul', attributes, tensors).dataSync());`;
    const { stdout } = await run(process.execPath, ['-e', script], { cwd: project });
    expect(stdout.trim()).toBe('tensorflow 6 0 3');
  });
});
