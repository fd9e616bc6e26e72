// Writes the generated pages: operations.md from the rules, diagnostics.md from the catalogue.
// With --check it writes nothing and fails where a page is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as prettier from 'prettier';
import { allCodes } from '../dist/src/diagnostics/catalogue.js';
import { loadRules } from '../dist/src/lang/load.js';
import { operationIndex } from '../dist/src/lang/operation-index.js';

const sourceNames = {
  tf: 'TensorFlow graphs (`tf`: nodes of a TF.js GraphModel)',
  tfjs: 'TensorFlow.js kernels (`tfjs`: traces of LayersModels and functions)',
  torch: 'PyTorch’s backward graph (`torch`)',
  aten: 'PyTorch programs (`aten`)',
};

function operationsPage() {
  const rules = loadRules([]);
  const index = operationIndex(rules);
  const file = (path) => path.slice(path.lastIndexOf('rules/'));
  const sections = Object.entries(sourceNames).map(([source, title]) => {
    const rows = index
      .filter((entry) => entry.source === source)
      .map(
        ({ type, op, doc, file: path }) =>
          `| \`${type}\` | \`${op}\` | ${escape(doc)} | [${file(path)}](../${file(path)}) |`,
      );
    return [
      `## ${title}`,
      `${rows.length} types.`,
      ['| type | operation | | rule |', '| --- | --- | --- | --- |', ...rows].join('\n'),
    ];
  });
  return [
    '# Operations',
    'Generated from the rules by `npm run docs`; do not edit. A type without a rule is an error that shows how to write one.',
    `The core rules define ${rules.ops.size} operations, ${rules.rewrites.size} rewrites and ${rules.passes.size} passes.`,
    ...sections.flat(),
  ].join('\n\n');
}

function diagnosticsPage() {
  const entries = allCodes();
  return [
    '# Diagnostics',
    'Generated from the catalogue by `npm run docs`; do not edit. `espalier explain CODE` prints the same.',
    ...entries.flatMap(([code, { title, explanation }]) => [`## ${code}: ${title}`, explanation]),
  ].join('\n\n');
}

const escape = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const check = process.argv.includes('--check');
let stale = false;
for (const [name, page] of [
  ['operations.md', operationsPage()],
  ['diagnostics.md', diagnosticsPage()],
]) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const text = await prettier.format(page, { ...(await prettier.resolveConfig(path)), parser: 'markdown' });
  if (!check) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`docs/${name} is not current: run \`npm run docs\` and commit it`);
    stale = true;
  }
}
process.exitCode = stale ? 1 : 0;
