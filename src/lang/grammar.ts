import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Ohm from 'ohm-js';
import { projectFile } from './project-file.js';

let loaded: Ohm.Grammar | undefined;

/** The text of the grammar of rule files, `grammar/espalier.ohm`. */
export function grammarText(): string {
  return readFileSync(projectFile('grammar/espalier.ohm'), 'utf8');
}

/** The grammar of rule files. Ohm is loaded here and not before: most runs find all rules in the cache. */
export function grammar(): Ohm.Grammar {
  if (loaded === undefined) {
    const ohm = createRequire(import.meta.url)('ohm-js') as typeof Ohm;
    loaded = ohm.grammar(grammarText());
  }
  return loaded;
}
