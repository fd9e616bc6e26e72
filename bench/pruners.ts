/**
 * Espalier beside Torch-Pruning: `npm run bench:pruners -- TRACES` measures both on this machine and writes
 * docs/torch-pruning.md; with names after it, only these models, and nothing is written. The traces come from
 * `python test/torch/models.py TRACES`; ESPALIER_PYTHON names a Python with torch, torchvision and torch-pruning.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as prettier from 'prettier';
import { projectFile } from '../src/lang/project-file.js';
import { inWords, prunersPage, type ComparedModel, type Setting, type WholeRun } from './pruners/page.js';
import { takeTurns } from './pruners/turns.js';
import type { Side } from './worker.js';
import { runEspalier } from './speed/whole-process.js';

const models = ['resnet18', 'resnet50', 'mobilenet_v2', 'densenet201'];
/** What the number of threads is chosen by. */
const threadsModel = 'resnet50';
const torchPruning = '1.6.1';

const install =
  'Set ESPALIER_PYTHON to a Python that has them:\n' +
  '  python3 -m venv ~/torch-pruning\n' +
  `  ~/torch-pruning/bin/pip install torch torchvision torch-pruning==${torchPruning}\n` +
  '  export ESPALIER_PYTHON=~/torch-pruning/bin/python\n';

const script = projectFile('bench/pruners/torch_pruning_side.py');
const run = promisify(execFile);

/** Runs a command of the other side to its end; what it answers, as JSON. */
async function ask(python: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<unknown> {
  const { stdout } = await run(python, [script, ...args], { env: { ...process.env, ...env } });
  const answer = stdout.trim().split('\n').at(-1)!;
  return answer === '' ? null : JSON.parse(answer);
}

const threadsOf = ({ threads }: Pick<Setting, 'threads'>): NodeJS.ProcessEnv => ({
  OMP_NUM_THREADS: `${threads}`,
});

/** As many runs of whole processes; of those that take minutes, as many as there must be for a median. */
const wholeRuns = { most: 5, fewest: 3, seconds: 60 };

async function compareWhole(
  python: string,
  setting: Setting,
  name: string,
  trace: string,
): Promise<readonly (readonly [WholeRun, WholeRun])[]> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-'));
  try {
    const [pickled, pruned] = [join(folder, 'model.pt'), join(folder, 'pruned.pt')];
    await ask(python, ['save', name, pickled]);
    const espalier = async (): Promise<WholeRun> => {
      const args = ['--ratio', '0.5', '--round-to', '1', '--no-verify', '--backend', 'wasm'];
      const { seconds, processor } = await runEspalier(
        ['compile', trace, '--out', join(folder, 'out'), ...args],
        join(folder, 'cache'),
      );
      return { seconds, processor };
    };
    const theirs = async (): Promise<WholeRun> => {
      const start = performance.now();
      const { processor } = (await ask(python, ['whole', pickled, pruned], threadsOf(setting))) as WholeRun;
      return { seconds: (performance.now() - start) / 1000, processor };
    };
    // Both have once had what they keep for the next time: parsed rules and verdicts of types, Python's compiled files.
    await espalier();
    const runs: (readonly [WholeRun, WholeRun])[] = [];
    const end = performance.now() + 1000 * wholeRuns.seconds;
    while (runs.length < wholeRuns.fewest || (runs.length < wholeRuns.most && performance.now() < end)) {
      const ours = await espalier();
      runs.push([ours, await theirs()]);
    }
    return runs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(
  python: string,
  setting: Setting,
  name: string,
  trace: string,
): Promise<ComparedModel> {
  const espalier: Side = {
    command: process.execPath,
    args: [fileURLToPath(new URL('pruners/espalier-side.js', import.meta.url)), trace],
  };
  const theirs: Side = { command: python, args: [script, 'turns', name], env: threadsOf(setting) };
  const warm = await takeTurns(espalier, theirs);
  return { name, ...warm, whole: await compareWhole(python, setting, name, trace) };
}

/** The Python of the other side, or null after saying what is missing. */
async function findPython(): Promise<{
  readonly python: string;
  readonly versions: Setting['versions'];
} | null> {
  const python = process.env['ESPALIER_PYTHON'];
  if (python === undefined) {
    process.stderr.write(`torch, torchvision and torch-pruning are needed.\n${install}`);
    return null;
  }
  try {
    return { python, versions: (await ask(python, ['versions'])) as Setting['versions'] };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${install}`);
    return null;
  }
}

async function main(traces: string, chosen: readonly string[]): Promise<void> {
  const names = chosen.length > 0 ? chosen : models;
  const missing = names.filter((name) => !existsSync(join(traces, name, 'trace.json')));
  if (missing.length > 0) {
    process.stderr.write(
      `There are no traces of ${missing.join(', ')} in ${traces}.\n` +
        `Make them: python test/torch/models.py ${traces} ${missing.join(' ')}\n`,
    );
  }
  const found = await findPython();
  if (found === null || missing.length > 0) {
    process.exitCode = 1;
    return;
  }
  const { python, versions } = found;
  const threads = (await ask(python, ['threads', threadsModel])) as number;
  const setting: Setting = { versions, threads, torchPruning };
  const compared: ComparedModel[] = [];
  for (const name of names) {
    const model = await compare(python, setting, name, join(traces, name));
    compared.push(model);
    process.stderr.write(`${inWords(model)}\n`);
  }
  if (chosen.length > 0) return;
  const path = join(projectFile('docs'), 'torch-pruning.md');
  const style = { ...(await prettier.resolveConfig(path)), parser: 'markdown' };
  writeFileSync(path, await prettier.format(prunersPage(compared, setting), style));
  process.stderr.write(`Written: ${path}\n`);
}

const [traces, ...chosen] = process.argv.slice(2);
if (traces === undefined) {
  process.stderr.write('Usage: npm run bench:pruners -- TRACES [MODEL …]\n');
  process.exitCode = 2;
} else await main(traces, chosen);
