/** The cases beside the rules: networks that use every operation. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isComputable } from '../../src/cases/check-numbers.js';
import { parseCases } from '../../src/cases/format.js';
import type { ReadCase } from '../../src/cases/outcome.js';
import { readCase } from '../../src/cases/run.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { loadRules } from '../../src/lang/load.js';
import { projectFile } from '../../src/lang/project-file.js';

export const rules = loadRules([]);
export const caseFiles = readdirSync(projectFile('rules')).filter((file) => file.endsWith('.cases'));

/** The cases of a file that can be computed. */
export function casesOf(file: string): [title: string, read: ReadCase][] {
  const text = readFileSync(join(projectFile('rules'), file), 'utf8');
  return parseCases({ file, text }).flatMap((one): [string, ReadCase][] => {
    const read = readCase(one, rules);
    return read instanceof DiagnosticError || !isComputable(read) ? [] : [[one.title, read]];
  });
}
