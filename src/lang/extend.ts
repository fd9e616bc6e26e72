/** Passes with the rewrites that other rule files add to them. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Declaration, PassRule } from './ast.js';
import { suggestion } from './check/report.js';

/** The passes, each with the rewrites of its extensions after its own, in the order of the files. */
export function extendPasses(
  passes: ReadonlyMap<string, PassRule>,
  declarations: readonly Declaration[],
): { passes: ReadonlyMap<string, PassRule>; diagnostics: Diagnostic[] } {
  const extended = new Map(passes);
  const diagnostics: Diagnostic[] = [];
  for (const extension of declarations) {
    if (extension.kind !== 'extend') continue;
    const pass = extended.get(extension.name);
    if (pass === undefined) {
      diagnostics.push({
        code: 'E142',
        severity: 'error',
        message: `there is no pass \`${extension.name}\` to extend`,
        span: extension.place,
        help: suggestion(extension.name, [...passes.keys()], 'passes'),
      });
      continue;
    }
    const rewrites = [...pass.rewrites];
    const places = { ...pass.places };
    for (const { name, span } of extension.rewrites) {
      const first = places[name];
      if (rewrites.includes(name)) {
        diagnostics.push({
          code: 'E138',
          severity: 'error',
          message: `the pass \`${pass.name}\` already has the rewrite \`${name}\``,
          span,
          help: 'Name it once.',
          ...(first === undefined ? {} : { notes: [{ message: 'it is named here', span: first }] }),
        });
        continue;
      }
      rewrites.push(name);
      places[name] = span;
    }
    extended.set(pass.name, { ...pass, rewrites, places });
  }
  return { passes: extended, diagnostics };
}
