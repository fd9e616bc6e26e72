/** The programs that building a binding takes: Python with pip, a C++ compiler, npm. All that is missing is told at once. */
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { findProgram, runTool } from './tool.js';

export interface Toolchain {
  readonly python: string;
  readonly pythonVersion: string;
  readonly compiler: string;
  readonly compilerVersion: string;
  readonly npm: string;
}

/** The oldest versions that will do: pip for choosing a wheel of another Python, g++ for C++17. */
const oldest = { python: [3, 8], pip: [20, 3], compiler: [8] } as const;

type Found<T> = { readonly tool: T } | { readonly problem: Diagnostic };

/** @throws DiagnosticError with one diagnostic for each tool that is missing or too old. */
export async function findToolchain(): Promise<Toolchain> {
  const [python, compiler, npm] = await Promise.all([findPython(), findCompiler(), findNpm()]);
  if ('tool' in python && 'tool' in compiler && 'tool' in npm) {
    return { ...python.tool, ...compiler.tool, ...npm.tool };
  }
  throw new DiagnosticError(
    [python, compiler, npm].flatMap((found) => ('problem' in found ? [found.problem] : [])),
  );
}

/** `PYTHON` as it is set, else the first on the path that is new enough and has pip. */
async function findPython(): Promise<Found<Pick<Toolchain, 'python' | 'pythonVersion'>>> {
  const asked = process.env.PYTHON;
  const names = asked === undefined || asked === '' ? ['python3', 'python'] : [asked];
  const rejected: string[] = [];
  for (const name of names) {
    const path = findProgram(name);
    if (path === null) {
      rejected.push(`${name}: not found`);
      continue;
    }
    const version = versionIn((await runTool(path, ['--version'])).stdout);
    if (version === null || !isAtLeast(version, oldest.python)) {
      rejected.push(`${path}: ${version === null ? 'does not tell a version' : `version ${version}`}`);
      continue;
    }
    const pip = versionIn((await runTool(path, ['-m', 'pip', '--version'])).stdout);
    if (pip !== null && isAtLeast(pip, oldest.pip)) return { tool: { python: path, pythonVersion: version } };
    rejected.push(`${path}: version ${version}, ${pip === null ? 'without pip' : `with pip ${pip}`}`);
  }
  return {
    problem: missing(
      `Python ${oldest.python.join('.')} or newer with pip ${oldest.pip.join('.')} or newer is missing`,
      `TensorFlow is downloaded with pip. Tried:\n${rejected.join('\n')}`,
      'Install it (Debian: apt-get install python3 python3-pip), or set PYTHON to the path of one.\n' +
        'For a Python without pip: python3 -m ensurepip --upgrade.',
    ),
  };
}

async function findCompiler(): Promise<Found<Pick<Toolchain, 'compiler' | 'compilerVersion'>>> {
  const name = process.env.CXX || 'g++';
  const path = findProgram(name);
  const version =
    path === null ? null : versionIn((await runTool(path, ['-dumpfullversion', '-dumpversion'])).stdout);
  if (path !== null && version !== null && isAtLeast(version, oldest.compiler)) {
    return { tool: { compiler: path, compilerVersion: version } };
  }
  return {
    problem: missing(
      `a C++17 compiler (g++ ${oldest.compiler[0]} or newer) is missing`,
      `The binding between Node.js and TensorFlow is compiled on this machine. ` +
        (path === null ? `${name} was not found.` : `${path} has version ${version ?? '(none told)'}.`),
      'Install one (Debian: apt-get install g++), or set CXX to the path of one.',
    ),
  };
}

async function findNpm(): Promise<Found<Pick<Toolchain, 'npm'>>> {
  const path = findProgram('npm');
  if (path !== null) return { tool: { npm: path } };
  return {
    problem: missing(
      'npm is missing',
      'The headers of Node-API come from the package node-api-headers.',
      'Install npm, which comes with Node.js, and see that it is in PATH.',
    ),
  };
}

function missing(message: string, why: string, help: string): Diagnostic {
  return { code: 'E911', severity: 'error', message, why, help };
}

function versionIn(text: string): string | null {
  return /\d+(?:\.\d+)*/.exec(text)?.[0] ?? null;
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  const different = least.findIndex((part, i) => (parts[i] ?? 0) !== part);
  return different === -1 || (parts[different] ?? 0) > least[different]!;
}
