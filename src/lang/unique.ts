/** One declaration for every name. */
import type { Diagnostic } from '../diagnostics/diagnostic.js';
import type { Declaration } from './ast.js';

/** The key under which two declarations of a kind would clash. */
function nameOf(declaration: Declaration): string {
  return declaration.kind === 'infix' ? declaration.operator : declaration.name;
}

/**
 * The first declaration of each kind and name; the others are reported, with the place of the first. A pass may be
 * extended any number of times.
 */
export function firstOfEach(declarations: readonly Declaration[]): {
  kept: Declaration[];
  diagnostics: Diagnostic[];
} {
  const kept: Declaration[] = [];
  const firsts = new Map<string, Declaration>();
  const diagnostics: Diagnostic[] = [];
  for (const declaration of declarations) {
    const key = `${declaration.kind} ${nameOf(declaration)}`;
    const first = firsts.get(key);
    if (first !== undefined && declaration.kind !== 'extend') {
      diagnostics.push(duplicate(declaration, first));
      continue;
    }
    firsts.set(key, declaration);
    kept.push(declaration);
  }
  return { kept, diagnostics };
}

function duplicate(second: Declaration, first: Declaration): Diagnostic {
  const name = nameOf(second);
  return {
    code: 'E110',
    severity: 'error',
    message:
      second.kind === 'infix'
        ? `the operator \`${name}\` is declared twice`
        : `a second ${second.kind} is named \`${name}\``,
    span: headOf(second),
    why: 'Rules of all files share one set of names.',
    help:
      second.kind === 'op'
        ? 'Rename one. A `from … => NAME(…)` reads another source node as the first.'
        : 'Rename or remove one of the two.',
    notes: [{ message: 'the first is here', span: headOf(first) }],
  };
}

/** The first words of a declaration: showing all of its text would say less. */
export function headOf(declaration: Declaration): Declaration['span'] {
  const length = declaration.kind.length + 1 + nameOf(declaration).length;
  return { ...declaration.span, end: Math.min(declaration.span.start + length, declaration.span.end) };
}
