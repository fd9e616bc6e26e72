/** A damaged model file ends in a diagnostic, whatever is wrong with it. */
import { readFile } from 'node:fs/promises';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { importGraph } from '../../src/import/build-graph.js';
import { readGraphModel } from '../../src/import/tf/read-graph-model.js';
import { loadRules } from '../../src/lang/load.js';
import { zooModel } from '../zoo/fetch.mjs';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** All places of a JSON value, as lists of keys. */
function places(value: Json, path: readonly (string | number)[] = []): (string | number)[][] {
  const children = Array.isArray(value)
    ? value.flatMap((item, i) => places(item, [...path, i]))
    : typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))
      : [];
  return [[...path], ...children];
}

/** The value with something else at a place; undefined: with nothing there. */
function replaced(
  value: Json,
  [key, ...rest]: readonly (string | number)[],
  by: Json | undefined,
): Json | undefined {
  if (key === undefined) return by;
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => (i === key ? (replaced(item, rest, by) ?? []) : [item]));
  }
  const entries = Object.entries(value as { [key: string]: Json });
  return Object.fromEntries(
    entries.flatMap(([name, item]) => {
      const kept = name === key ? replaced(item, rest, by) : item;
      return kept === undefined ? [] : [[name, kept]];
    }),
  );
}

const damage: fc.Arbitrary<Json | undefined> = fc.oneof(
  fc.constantFrom<(Json | undefined)[]>(
    undefined,
    null,
    true,
    -1,
    0,
    0.5,
    1e300,
    '',
    'x',
    '-1',
    '4',
    [],
    {},
    [[]],
  ),
  fc.constantFrom<string[]>(
    'Identity',
    'Conv2D',
    'Reshape',
    'Softmax',
    '__proto__',
    'Enter',
    'Merge',
    'DT_STRING',
  ),
);

test('any change of any part', async () => {
  const path = await zooModel('liveness');
  const model = JSON.parse(await readFile(path, 'utf8')) as Json;
  const all = places(model);
  const rules = loadRules([]);
  const folder = await mkdtemp(join(tmpdir(), 'espalier-test-'));
  for (const { paths } of (model as unknown as { weightsManifest: { paths: string[] }[] }).weightsManifest) {
    for (const file of paths) await writeFile(join(folder, file), await readFile(join(dirname(path), file)));
  }
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(all.length - 1), damage, async (place, by) => {
      await writeFile(join(folder, 'model.json'), JSON.stringify(replaced(model, all[place]!, by) ?? null));
      try {
        const { graph, weights } = await readGraphModel(join(folder, 'model.json'), { inputShapes: {} });
        importGraph(graph, weights, rules);
      } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error;
        for (const { code, message } of error.diagnostics)
          expect(`${code} ${message}`).toMatch(/^E[27]\d\d ./);
        refused++;
      }
    }),
    { numRuns: 200 },
  );
  expect(refused).toBeGreaterThan(50);
}, 120_000);
