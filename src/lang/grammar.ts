import { readFileSync } from 'node:fs';
import { grammar as compile, type Grammar } from 'ohm-js';
import { projectFile } from './project-file.js';

let loaded: Grammar | undefined;

/** The grammar of rule files, read from `grammar/espalier.ohm` when it is first needed. */
export function grammar(): Grammar {
  return (loaded ??= compile(readFileSync(projectFile('grammar/espalier.ohm'), 'utf8')));
}
