/** TensorFlow's C library and headers, taken out of a wheel. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../diagnostics/diagnostic.js';
import { megabytes, requireSpace, sizeOfFolder, writeFolder } from './folders.js';
import { lastLines, runTool } from './tool.js';
import type { Toolchain } from './toolchain.js';

export interface TensorFlowChoice {
  readonly version: string;
  readonly cuda: boolean;
}

/** Versions that have been tried with the package's binding; the first is the default. */
export const triedVersions = ['2.21.0', '2.18.1'] as const;

/** What a wheel is called: `tensorflow` is built for CUDA, `tensorflow-cpu` is not. */
export const wheelName = ({ cuda }: TensorFlowChoice): string => (cuda ? 'tensorflow' : 'tensorflow-cpu');

export const libraryNames = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** The parts of a wheel that are needed, by the beginnings of their names. */
const wantedParts = [
  ...libraryNames.map((name) => `tensorflow/${name}`),
  ...['tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/'].map(
    (folder) => `tensorflow/include/${folder}`,
  ),
];

/**
 * Any wheel for Linux has the library, whatever Python it is for: one is chosen that both versions have.
 * So the Python that runs pip may be older or newer than those that TensorFlow supports.
 */
const wheelTags = [
  '--implementation=cp',
  '--python-version=3.11',
  '--abi=cp311',
  ...['manylinux_2_27_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64'].map(
    (tag) => `--platform=${tag}`,
  ),
];

/** NVIDIA's libraries are wheels for any Python 3. */
const anyPythonTags = wheelTags.filter((tag) => tag.startsWith('--platform'));

/** Downloaded and unpacked; measured with 2.21.0, with some room. */
const spaceNeeded = { cpu: 1.5e9, cuda: 9e9 };

/** Unpacks the parts of a wheel whose names begin with one of the texts given. Arguments: wheel, target, texts. */
const unpackScript = `
import sys, zipfile
wheel, target, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(target, [name for name in archive.namelist() if name.startswith(tuple(wanted))])
`;

/** Prints what a wheel requires for its extra "and-cuda", one requirement a line. Arguments: wheel. */
const cudaRequirementsScript = `
import sys, zipfile, email
with zipfile.ZipFile(sys.argv[1]) as archive:
    name = next(name for name in archive.namelist() if name.endswith('.dist-info/METADATA'))
    metadata = email.message_from_bytes(archive.read(name))
for requirement in metadata.get_all('Requires-Dist') or []:
    text, _, condition = requirement.partition(';')
    if 'extra' in condition and 'and-cuda' in condition:
        print(text.strip())
`;

/**
 * The folder of a TensorFlow: downloaded the first time, kept for later.
 * @param onProgress called with what is being done, often
 */
export async function tensorflowFolder(
  choice: TensorFlowChoice,
  { python }: Toolchain,
  cache: string,
  onProgress: (text: string) => void,
): Promise<{ readonly folder: string; readonly downloaded: boolean }> {
  const name = `${wheelName(choice)}-${choice.version}`;
  const folder = join(cache, name);
  if (libraryNames.every((library) => existsSync(join(folder, 'tensorflow', library)))) {
    return { folder, downloaded: false };
  }
  requireSpace(cache, choice.cuda ? spaceNeeded.cuda : spaceNeeded.cpu);
  await writeFolder(folder, async (temporary) => {
    const requirement = `${wheelName(choice)}==${choice.version}`;
    const [wheel] = await downloadWheels(python, [requirement], wheelTags, temporary, onProgress);
    onProgress(`unpacking ${name}`);
    await unpack(python, wheel!, temporary, wantedParts);
    if (choice.cuda) {
      const requirements = await runTool(python, ['-c', cudaRequirementsScript, wheel!]);
      if (!requirements.ok) notUsable(wheel!, lastLines(requirements));
      const names = requirements.stdout.split('\n').filter((line) => line !== '');
      // Beside TensorFlow's own folder, where its libraries look for them.
      for (const library of await downloadWheels(python, names, anyPythonTags, temporary, onProgress)) {
        onProgress(`unpacking ${library.slice(library.lastIndexOf('/') + 1)}`);
        await unpack(python, library, temporary, ['nvidia/']);
      }
    }
    rmSync(join(temporary, 'wheels'), { recursive: true });
    for (const library of libraryNames) {
      if (!existsSync(join(temporary, 'tensorflow', library))) notUsable(name, `It has no ${library}.`);
    }
  });
  return { folder, downloaded: true };
}

async function downloadWheels(
  python: string,
  requirements: readonly string[],
  tags: readonly string[],
  folder: string,
  onProgress: (text: string) => void,
): Promise<string[]> {
  if (requirements.length === 0) return [];
  const wheels = join(folder, 'wheels');
  const before = new Set(existsSync(wheels) ? readdirSync(wheels) : []);
  const temporary = join(folder, 'downloading');
  mkdirSync(temporary);
  const what = requirements.length === 1 ? requirements[0]! : `${requirements.length} libraries`;
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
  const result = await runTool(
    python,
    [...args, ...tags, '--no-cache-dir', '--dest', wheels, ...requirements],
    {
      // pip keeps unfinished downloads in the folder for temporary files: here they are seen, and go away with the rest.
      env: { TMPDIR: temporary, PIP_NO_INPUT: '1' },
      onTick: () => onProgress(`downloading ${what}: ${megabytes(sizeOfFolder(folder))}`),
    },
  );
  rmSync(temporary, { recursive: true });
  if (!result.ok) {
    fail({
      code: 'E913',
      message: `${what} could not be downloaded`,
      why: `pip says:\n${lastLines(result)}`,
      help:
        'See whether this machine reaches the package index that pip is configured for.\n' +
        `Another version of TensorFlow: --tensorflow VERSION (tried: ${triedVersions.join(', ')}).`,
    });
  }
  return readdirSync(wheels)
    .filter((file) => file.endsWith('.whl') && !before.has(file))
    .map((file) => join(wheels, file));
}

async function unpack(
  python: string,
  wheel: string,
  target: string,
  parts: readonly string[],
): Promise<void> {
  const result = await runTool(python, ['-c', unpackScript, wheel, target, ...parts]);
  if (!result.ok) notUsable(wheel, lastLines(result));
}

function notUsable(wheel: string, why: string): never {
  return fail({
    code: 'E913',
    message: `${wheel.slice(wheel.lastIndexOf('/') + 1)} is not a wheel of TensorFlow that can be used`,
    why,
    help: `Take another version with --tensorflow VERSION (tried: ${triedVersions.join(', ')}).`,
  });
}
