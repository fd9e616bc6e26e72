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
      console.log(tf.getBackend(), tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0]);`;
    const { stdout } = await run(process.execPath, ['-e', script], { cwd: project });
    expect(stdout.trim()).toBe('tensorflow 11');
  });
});
