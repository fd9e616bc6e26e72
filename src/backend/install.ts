/** `espalier backend install`: gives @tensorflow/tfjs-node-gpu the native library that its own script can't download. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../diagnostics/diagnostic.js';
import {
  bindingRevision,
  buildRecordFile,
  findBindingPackage,
  packageName,
  readBuildRecord,
  type BindingPackage,
  type BuildRecord,
} from './binding-package.js';
import { checkBinding, type WorkingBinding } from './check-binding.js';
import { compileBinding } from './compile-binding.js';
import { inTemporaryFolder } from './folders.js';
import { nodeHeaders } from './node-headers.js';
import { tensorflowFolder, wheelName, type TensorFlowChoice } from './tensorflow-library.js';
import { findToolchain } from './toolchain.js';

export interface InstallOptions extends TensorFlowChoice {
  /** The package's folder, or a project's. */
  readonly packageDir?: string;
  /** Where downloads are kept. */
  readonly cache: string;
  /** Build even if what is there works. */
  readonly force: boolean;
  /** Called once for everything that has been done or found. */
  readonly onStep: (text: string) => void;
  /** Called often with what is being done. */
  readonly onProgress: (text: string) => void;
}

export interface Installed {
  readonly package: string;
  readonly library: string;
  /** The TensorFlow that computes, as it names itself. */
  readonly tensorflow: string;
  /** Whether it computes on a GPU. */
  readonly gpu: boolean;
  /** False: everything was there and worked. */
  readonly built: boolean;
  /** Where TensorFlow's libraries are; null where the package has its own. */
  readonly libraries: string | null;
}

/**
 * Installs the native library, if there isn't a working one already.
 * @throws DiagnosticError for what is missing, or does not work
 */
export async function installBackend(options: InstallOptions): Promise<Installed> {
  requirePlatform();
  const target = findBindingPackage(options.packageDir);
  options.onStep(`package: ${packageName} ${target.version} in ${target.folder}`);
  if (!options.force) {
    const ready = await alreadyInstalled(target, options);
    if (ready !== null) return ready;
  }
  return build(target, options);
}

function requirePlatform(): void {
  if (process.platform === 'linux' && process.arch === 'x64') return;
  fail({
    code: 'E910',
    message: `no native library can be built on ${process.platform} (${process.arch})`,
    why: 'The wheels of TensorFlow that hold the C library have been tried on Linux x64 only.',
    help:
      `Run the script of ${packageName} itself (npm rebuild ${packageName}), which downloads an older TensorFlow,\n` +
      'or choose another backend: webgpu, webgl, wasm or cpu.',
  });
}

/** What is there, if it works and is what was asked for. */
async function alreadyInstalled(target: BindingPackage, options: InstallOptions): Promise<Installed | null> {
  if (!existsSync(target.library)) return null;
  const record = readBuildRecord(target);
  // A library that the package's own script has downloaded is kept, unless a build for CUDA is asked for.
  const asked = record === null ? !options.cuda : isChoice(record, options);
  if (!asked) return null;
  options.onProgress('trying what is there');
  const state = await checkBinding(target.folder);
  if (!state.works) {
    options.onStep(`there is a native library, but it does not work: ${state.why.split('\n').at(-1)}`);
    return null;
  }
  return { ...installed(target, state), built: false, libraries: record?.folder ?? null };
}

const isChoice = (record: BuildRecord, choice: TensorFlowChoice): boolean =>
  record.wheel === wheelName(choice) &&
  record.tensorflow === choice.version &&
  record.binding === bindingRevision;

function installed(target: BindingPackage, state: WorkingBinding): Omit<Installed, 'built' | 'libraries'> {
  return { package: target.folder, library: target.library, tensorflow: state.tensorflow, gpu: state.gpu };
}

async function build(target: BindingPackage, options: InstallOptions): Promise<Installed> {
  const { cache, onStep, onProgress } = options;
  const tools = await findToolchain();
  onStep(
    `tools: Python ${tools.pythonVersion} (${tools.python}), g++ ${tools.compilerVersion} (${tools.compiler})`,
  );
  const { folder, downloaded } = await tensorflowFolder(options, tools, cache, onProgress);
  onStep(
    `TensorFlow: ${wheelName(options)} ${options.version}, ${downloaded ? 'downloaded to' : 'was in'} ${folder}`,
  );
  onProgress('headers of Node-API');
  const headers = await nodeHeaders(tools, cache);
  onStep(`headers of Node-API: ${headers}`);
  const record = { wheel: wheelName(options), tensorflow: options.version, folder, binding: bindingRevision };
  let lists = false;
  const state = await inTemporaryFolder(target.folder, 'building', async (temporary) => {
    onProgress('compiling the binding');
    const fresh = join(temporary, 'new');
    mkdirSync(fresh);
    lists = await compileBinding(join(fresh, 'tfjs_binding.node'), temporary, target, folder, headers, tools);
    writeFileSync(buildRecordFile(fresh), `${JSON.stringify(record, null, 2)}\n`);
    return replaceIfItWorks(target, fresh, join(temporary, 'old'), onProgress);
  });
  onStep(`binding: compiled ${target.library}${lists ? '' : ', which can’t run fused kernels'}`);
  return { ...installed(target, state), built: true, libraries: folder };
}

/** Puts a new library in its place; where it does not work, what was there before comes back. */
async function replaceIfItWorks(
  target: BindingPackage,
  fresh: string,
  old: string,
  onProgress: (text: string) => void,
): Promise<WorkingBinding> {
  const { libraryFolder } = target;
  const replaces = existsSync(libraryFolder);
  if (replaces) renameSync(libraryFolder, old);
  const made = mkdirSync(dirname(libraryFolder), { recursive: true });
  renameSync(fresh, libraryFolder);
  onProgress('trying it');
  const state = await checkBinding(target.folder);
  if (state.works) return state;
  rmSync(made ?? libraryFolder, { recursive: true });
  if (replaces) renameSync(old, libraryFolder);
  return fail({
    code: 'E915',
    message: `${packageName} can't be used with the library that was built`,
    where: target.folder,
    why: state.why,
    help:
      'If a package that it needs is missing, install it again: ' +
      `npm install --ignore-scripts ${packageName}\nElse try another TensorFlow with --tensorflow VERSION.`,
  });
}
