/** Holds the channel spaces of a model's program against those of its backward graph, where it has one. */
import { inferAxes } from '../axes/infer.js';
import { type Diagnostic, DiagnosticError } from '../diagnostics/diagnostic.js';
import { channelSpacesAgree } from '../import/torch/channel-spaces.js';
import type { SpacesCheck } from '../verify/verify.js';
import type { PreparedModel } from './prepare.js';

export interface ComparedSpaces {
  readonly check: SpacesCheck;
  readonly warnings: readonly Diagnostic[];
}

/**
 * Compares the spaces of both graphs, without what `--exclude` freezes. A backward graph that can't be imported stops
 * nothing, since only the program is compiled.
 * @returns null where the model has no backward graph
 */
export function verifySpaces({ source, graph, tail, rules }: PreparedModel): ComparedSpaces | null {
  if (source.backward === undefined) return null;
  if (tail !== null)
    return notCompared(`The program ends before "${tail.node}", and the backward graph does not.`);
  try {
    const problems = channelSpacesAgree(source, { graph, analysis: inferAxes(graph, rules) }, rules);
    return { check: { verdict: problems.length === 0 ? 'equal' : 'different', problems }, warnings: [] };
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    const [first, ...more] = error.diagnostics;
    return notCompared(
      `The backward graph can't be read by the rules: ${first!.message}${more.length > 0 ? `; and ${more.length} more` : ''}.`,
      'Write how autograd names these operations, `from torch`, into their rules. The compiled module does not depend on it.',
    );
  }
}

function notCompared(
  why: string,
  help = 'The compiled module does not depend on it; it is checked against the original as far as it goes.',
): ComparedSpaces {
  return {
    check: { verdict: 'not compared', problems: [] },
    warnings: [
      {
        code: 'E230',
        severity: 'warning',
        message: 'the channel spaces were not compared with those of the backward graph',
        why,
        help,
      },
    ],
  };
}
