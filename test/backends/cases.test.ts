/** Every operation, as the cases beside the rules use it, computes the same on every backend that runs in Node.js. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tolerance } from '../../src/cases/check-numbers.js';
import { caseInputs, relativeDifference } from '../../src/cases/data.js';
import type { ReadCase } from '../../src/cases/outcome.js';
import { runGraph } from '../../src/emit/interpret.js';
import { loadBackend, type RunnableBackend } from '../../src/emit/tf.js';
import { projectFile } from '../../src/lang/project-file.js';
import { caseFiles, casesOf, rules } from './rule-cases.js';
import { toleranceOf } from './tolerance.js';

const kernels = JSON.parse(readFileSync(projectFile('rules/kernels.json'), 'utf8')) as Record<
  string,
  Record<string, string>
>;

async function compute({ graph, weights, ranges }: ReadCase, backend: RunnableBackend) {
  const tf = await loadBackend(backend);
  // Else TensorFlow.js computes what is small on the CPU.
  if (backend === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
  return runGraph(graph, weights, rules, caseInputs(graph, ranges), tf);
}

/** Operations that do not run on a backend: compiling for it is an error that names them (E503, E515). */
function isNamedAtCompileTime(message: string, backend: RunnableBackend): boolean {
  const missing = kernels[backend === 'node-gpu' ? 'node' : backend] ?? {};
  const kernel = /^Kernel '(\w+)' not registered/.exec(message)?.[1];
  return message.startsWith('E503') || Object.values(missing).some((name) => name === kernel);
}

describe.each(['wasm', 'node-gpu', 'webgpu'] as const)('%s', (backend) => {
  it.each(caseFiles)('%s', async (file) => {
    const different: string[] = [];
    for (const [title, read] of casesOf(file)) {
      const expected = await compute(read, 'cpu');
      try {
        const actual = await compute(read, backend);
        for (const [name, { data }] of Object.entries(expected)) {
          const difference = relativeDifference(data, actual[name]!.data);
          if (difference === null || difference > toleranceOf(title, backend, tolerance)) {
            different.push(`${title}: ${name} by ${difference}`);
          }
        }
      } catch (error) {
        const { message } = error as Error;
        if (!isNamedAtCompileTime(message, backend)) different.push(`${title}: ${message}`);
      }
    }
    expect(different).toEqual([]);
  });
});
