/** Every operation, as the cases beside the rules use it, computes the same on every backend that runs in Node.js. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isComputable, tolerance } from '../../src/cases/check-numbers.js';
import { caseInputs, relativeDifference } from '../../src/cases/data.js';
import { parseCases } from '../../src/cases/format.js';
import type { ReadCase } from '../../src/cases/outcome.js';
import { readCase } from '../../src/cases/run.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { runGraph } from '../../src/emit/interpret.js';
import { loadBackend, type RunnableBackend } from '../../src/emit/tf.js';
import { loadRules } from '../../src/lang/load.js';
import { projectFile } from '../../src/lang/project-file.js';

const rules = loadRules([]);
const kernels = JSON.parse(readFileSync(projectFile('rules/kernels.json'), 'utf8')) as Record<
  string,
  Record<string, string>
>;
const files = readdirSync(projectFile('rules')).filter((file) => file.endsWith('.cases'));

/** The cases of a file that can be computed. */
function casesOf(file: string): [title: string, read: ReadCase][] {
  const text = readFileSync(join(projectFile('rules'), file), 'utf8');
  return parseCases({ file, text }).flatMap((one): [string, ReadCase][] => {
    const read = readCase(one, rules);
    return read instanceof DiagnosticError || !isComputable(read) ? [] : [[one.title, read]];
  });
}

async function compute({ graph, weights, ranges }: ReadCase, backend: RunnableBackend) {
  const tf = await loadBackend(backend);
  // Else TensorFlow.js computes what is small on the CPU.
  if (backend === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
  return runGraph(graph, weights, rules, caseInputs(graph, ranges), tf);
}

/** What a backend does not compute to the last bits: the shaders of SwiftShader approximate angles to 1e-4. */
const approximate: Readonly<Partial<Record<RunnableBackend, RegExp>>> = {
  webgpu: /\b(a?cos|a?sin|tan|cosine)\b/,
};

/** Operations that do not run on a backend: compiling for it is an error that names them (E503, E515). */
function isNamedAtCompileTime(message: string, backend: RunnableBackend): boolean {
  const missing = kernels[backend === 'node-gpu' ? 'node' : backend] ?? {};
  const kernel = /^Kernel '(\w+)' not registered/.exec(message)?.[1];
  return message.startsWith('E503') || Object.values(missing).some((name) => name === kernel);
}

describe.each(['wasm', 'node-gpu', 'webgpu'] as const)('%s', (backend) => {
  it.each(files)('%s', async (file) => {
    const different: string[] = [];
    for (const [title, read] of casesOf(file)) {
      const expected = await compute(read, 'cpu');
      try {
        const actual = await compute(read, backend);
        for (const [name, { data }] of Object.entries(expected)) {
          const difference = relativeDifference(data, actual[name]!.data);
          const allowed = approximate[backend]?.test(title) ? 2e-4 : tolerance;
          if (difference === null || difference > allowed)
            different.push(`${title}: ${name} by ${difference}`);
        }
      } catch (error) {
        const { message } = error as Error;
        if (!isNamedAtCompileTime(message, backend)) different.push(`${title}: ${message}`);
      }
    }
    expect(different).toEqual([]);
  });
});
