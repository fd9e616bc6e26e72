/** `-- types`: the types of values. */
import { printId, printType } from '../ir/print.js';
import { bodyLines, type Block } from './format.js';
import { caseProblem, type Outcome, type ReadCase } from './outcome.js';

export function checkTypes(block: Block, { graph }: ReadCase): Outcome {
  const actual = new Map(Object.entries(graph.values).map(([id, type]) => [printId(id), printType(type)]));
  const lines = bodyLines(block.body);
  const stated: string[] = [];
  const problems = lines.flatMap(({ text, span }) => {
    const [, id, type] = /^(%(?:"(?:[^"\\]|\\.)*"|[\w./-]+)): *(.*)$/.exec(text) ?? [];
    if (id === undefined || !actual.has(id)) {
      return [
        caseProblem('E852', span, 'this names no value of the graph', undefined, 'Write `%y: float32[N,8]`.'),
      ];
    }
    stated.push(id);
    const found = actual.get(id)!;
    return found === type?.replaceAll(' ', '') ? [] : [caseProblem('E851', span, `${id} is ${found}`)];
  });
  const shown = stated.length > 0 ? stated : graph.nodes.flatMap(({ results }) => results.map(printId));
  return { problems, update: { block, text: shown.map((id) => `${id}: ${actual.get(id)!}\n`).join('') } };
}
