/** Installing the native library, with programs that only pretend: what is found, what is left when something fails. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { copyBindingSource } from '../../src/backend/binding-source.js';
import { findBindingPackage } from '../../src/backend/binding-package.js';
import { writeFolder } from '../../src/backend/folders.js';
import { installBackend } from '../../src/backend/install.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';

/** What the lists are added to. */
const bindingSource = '    case TF_ATTR_STRING: {\n    }\n    case TF_ATTR_TYPE: {\n    }\n';

let root: string;
let bin: string;
let project: string;
let packageFolder: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'espalier-backend-'));
  bin = join(root, 'bin');
  project = join(root, 'project');
  packageFolder = join(project, 'node_modules/@tensorflow/tfjs-node-gpu');
  mkdirSync(bin);
  mkdirSync(join(packageFolder, 'binding'), { recursive: true });
  writeFileSync(
    join(packageFolder, 'package.json'),
    '{ "name": "@tensorflow/tfjs-node-gpu", "version": "4.22.0" }',
  );
  writeFileSync(join(packageFolder, 'binding/tfjs_backend.cc'), bindingSource);
  vi.stubEnv('PATH', bin);
  vi.stubEnv('PYTHON', '');
  vi.stubEnv('CXX', '');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

/** A program that is a shell script. */
function program(name: string, script: string): void {
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${script}\n`);
  chmodSync(path, 0o755);
}

/** Python that downloads an empty wheel, and unpacks whatever it is given to a library and headers. */
function programs({ pip = 'touch "$dest/tensorflow_cpu.whl"', library = 'module.exports = 1' } = {}): void {
  program(
    'python3',
    `case "$*" in
  --version) echo 'Python 3.11.7' ;;
  '-m pip --version') echo 'pip 23.2.1 from /somewhere' ;;
  *download*) for word; do case "$last" in --dest) dest="$word" ;; esac; last="$word"; done; mkdir -p "$dest"; ${pip} ;;
  *tarfile*) mkdir -p "$4/package/include"; touch "$4/package/include/node_api.h" ;;
  *) mkdir -p "$4/tensorflow/include"; touch "$4/tensorflow/libtensorflow_cc.so.2" "$4/tensorflow/libtensorflow_framework.so.2" ;;
esac`,
  );
  program(
    'g++',
    `case "$*" in
  *dumpfullversion*) echo 12.2.0 ;;
  *) for word; do target="$word"; done; echo '${library}' > "$target" ;;
esac`,
  );
  program('npm', 'touch node-api-headers.tgz');
}

/** The package as it would be: it adds two vectors if its library is there and sound. */
function packageThatWorks(): void {
  writeFileSync(
    join(packageFolder, 'index.js'),
    `const { readFileSync } = require('node:fs');
const text = readFileSync(__dirname + '/lib/napi-v8/tfjs_binding.node', 'utf8');
if (!text.includes('sound')) throw new Error('the library is not sound');
const tensor = (values) => ({ add: (other) => tensor(values.map((v, i) => v + other.values[i])), values, dataSync: () => values });
module.exports = { tensor1d: tensor, backend: () => ({ binding: { TF_Version: '2.21.0' }, isUsingGpuDevice: false }) };`,
  );
}

function install(more: Partial<Parameters<typeof installBackend>[0]> = {}) {
  const steps: string[] = [];
  const result = installBackend({
    cuda: false,
    version: '2.21.0',
    packageDir: project,
    cache: join(root, 'cache'),
    force: false,
    onStep: (text) => steps.push(text.replaceAll(root, '…')),
    onProgress: () => undefined,
    ...more,
  });
  return { result, steps };
}

/** The codes and messages that something ends in. */
async function problemsOf(run: Promise<unknown> | (() => unknown)): Promise<string[]> {
  try {
    await (typeof run === 'function' ? run() : run);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return error.diagnostics.map(({ code, message }) => `${code} ${message}`);
  }
  return [];
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('installing', () => {
  it('builds, says what it did, and does nothing the second time', async () => {
    programs({ library: 'sound' });
    packageThatWorks();
    const first = install();
    expect(await first.result).toMatchObject({ tensorflow: '2.21.0', gpu: false, built: true });
    expect(first.steps).toEqual([
      'package: @tensorflow/tfjs-node-gpu 4.22.0 in …/project/node_modules/@tensorflow/tfjs-node-gpu',
      'tools: Python 3.11.7 (…/bin/python3), g++ 12.2.0 (…/bin/g++)',
      'TensorFlow: tensorflow-cpu 2.21.0, downloaded to …/cache/tensorflow-cpu-2.21.0',
      'headers of Node-API: …/cache/node-api-headers-1.9.0/package/include',
      'binding: compiled …/project/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node',
    ]);
    expect(readdirSync(join(packageFolder, 'lib'))).toEqual(['napi-v8']);
    expect(readdirSync(join(root, 'cache')).sort()).toEqual([
      'node-api-headers-1.9.0',
      'tensorflow-cpu-2.21.0',
    ]);
    expect(readdirSync(join(root, 'cache/tensorflow-cpu-2.21.0'))).toEqual(['tensorflow']);

    expect(await install().result).toMatchObject({ built: false });
    expect(await install({ force: true }).result).toMatchObject({ built: true });
    expect(await install({ version: '2.18.1' }).result).toMatchObject({ built: true });
  });

  it('repairs a library that no longer works', async () => {
    programs({ library: 'sound' });
    packageThatWorks();
    await install().result;
    writeFileSync(join(packageFolder, 'lib/napi-v8/tfjs_binding.node'), 'cut off');
    const again = install();
    expect(await again.result).toMatchObject({ built: true });
    expect(again.steps[1]).toBe('there is a native library, but it does not work: the library is not sound');
  });

  it('puts back what was there where the new library does not work', async () => {
    programs({ library: 'broken' });
    packageThatWorks();
    expect(await problemsOf(install().result)).toEqual([
      "E915 @tensorflow/tfjs-node-gpu can't be used with the library that was built",
    ]);
    expect(readdirSync(packageFolder).sort()).toEqual(['binding', 'index.js', 'package.json']);

    mkdirSync(join(packageFolder, 'lib/napi-v8'), { recursive: true });
    writeFileSync(join(packageFolder, 'lib/napi-v8/tfjs_binding.node'), 'sound, of its own');
    expect(await install().result).toMatchObject({ built: false, libraries: null });
    expect(await problemsOf(install({ force: true }).result)).toHaveLength(1);
    expect(readFileSync(join(packageFolder, 'lib/napi-v8/tfjs_binding.node'), 'utf8')).toBe(
      'sound, of its own',
    );
    expect(readdirSync(packageFolder).sort()).toEqual(['binding', 'index.js', 'lib', 'package.json']);
  });

  it('says everything that is missing at once', async () => {
    expect(await problemsOf(install().result)).toEqual([
      'E911 Python 3.8 or newer with pip 20.3 or newer is missing',
      'E911 a C++17 compiler (g++ 8 or newer) is missing',
      'E911 npm is missing',
    ]);
    program('python3', 'echo Python 3.7.2');
    program('g++', 'echo 7.5.0');
    program('npm', '');
    expect(await problemsOf(install().result)).toEqual([
      'E911 Python 3.8 or newer with pip 20.3 or newer is missing',
      'E911 a C++17 compiler (g++ 8 or newer) is missing',
    ]);
  });

  it('keeps nothing of a download that failed', async () => {
    programs({ pip: 'echo half > "$dest/half.whl"; echo "no matching distribution" >&2; exit 1' });
    expect(await problemsOf(install().result)).toEqual([
      'E913 tensorflow-cpu==2.21.0 could not be downloaded',
    ]);
    expect(readdirSync(join(root, 'cache'))).toEqual([]);
  });

  it('says what the compiler says', async () => {
    programs();
    program(
      'g++',
      'case "$*" in *dumpfullversion*) echo 12.2.0 ;; *) echo "fatal error: no header" >&2; exit 1 ;; esac',
    );
    const problems = await install().result.then(
      () => [],
      (error: unknown) => (error as DiagnosticError).diagnostics,
    );
    expect(problems).toMatchObject([
      { code: 'E914', why: expect.stringContaining('fatal error: no header') },
    ]);
    expect(readdirSync(packageFolder).sort()).toEqual(['binding', 'package.json']);
  });
});

describe('the sources of the binding', () => {
  const copied = (): string => readFileSync(join(root, 'copy/tfjs_backend.cc'), 'utf8');

  it('are copied, and pass lists on', () => {
    const { files, lists } = copyBindingSource(join(packageFolder, 'binding'), join(root, 'copy'));
    expect(files).toEqual([join(root, 'copy/tfjs_backend.cc')]);
    expect(lists).toBe(true);
    expect(copied()).toMatch(/case TF_ATTR_STRING: \{\n {6}if \(IsArray[^]*TFE_OpSetAttrStringList/);
    expect(copied()).toMatch(/case TF_ATTR_TYPE: \{\n {6}if \(IsArray[^]*TFE_OpSetAttrTypeList/);
    expect(readFileSync(join(packageFolder, 'binding/tfjs_backend.cc'), 'utf8')).toBe(bindingSource);
  });

  it('stay as they are where they are not as expected', () => {
    const other = `${bindingSource}    case TF_ATTR_TYPE: {\n    }\n`;
    writeFileSync(join(packageFolder, 'binding/tfjs_backend.cc'), other);
    expect(copyBindingSource(join(packageFolder, 'binding'), join(root, 'copy')).lists).toBe(false);
    expect(copied()).toBe(other);
  });

  it('may be missing', () => {
    expect(copyBindingSource(join(root, 'nowhere'), join(root, 'copy'))).toEqual({ files: [], lists: false });
  });
});

describe('the package', () => {
  it('is found in a project, or is the folder itself', () => {
    expect(findBindingPackage(project).folder).toBe(packageFolder);
    expect(findBindingPackage(packageFolder).folder).toBe(packageFolder);
  });

  it('may be missing', async () => {
    rmSync(join(project, 'node_modules'), { recursive: true });
    expect(await problemsOf(() => findBindingPackage(project))).toEqual([
      'E912 the package @tensorflow/tfjs-node-gpu is not installed',
    ]);
  });
});

describe('folders', () => {
  it('appear complete or not at all', async () => {
    const folder = join(root, 'some/folder');
    await expect(
      writeFolder(folder, async (temporary) => {
        writeFileSync(join(temporary, 'half'), '');
        throw new Error('interrupted');
      }),
    ).rejects.toThrow('interrupted');
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(join(root, 'some'))).toEqual([]);
    await writeFolder(folder, async (temporary) => writeFileSync(join(temporary, 'whole'), ''));
    expect(readdirSync(folder)).toEqual(['whole']);
  });

  it('that can not be written are a diagnostic', async () => {
    writeFileSync(join(root, 'file'), '');
    expect(await problemsOf(() => writeFolder(join(root, 'file/folder'), async () => undefined))).toEqual([
      `E916 ${join(root, 'file')} can't be written`,
    ]);
  });
});
