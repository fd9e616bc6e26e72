/** Runs cases: everything that a case expects, and what is expected of every case. */
import { inferAxes } from '../axes/infer.js';
import { DiagnosticError, type Diagnostic } from '../diagnostics/diagnostic.js';
import { parseGraph, parseGraphRange } from '../ir/parse.js';
import { printGraph } from '../ir/print.js';
import { sameAttr } from '../ir/types.js';
import { verifyGraph } from '../ir/verify.js';
import type { Attr } from '../ir/graph.js';
import type { RuleSet } from '../lang/ast.js';
import { checkEmits } from './check-emits.js';
import { checkExamples, checkPruned } from './check-numbers.js';
import { checkAfter, checkUnchanged, errorOfPass } from './check-passes.js';
import { checkSpaces } from './check-spaces.js';
import { checkTypes } from './check-types.js';
import { caseWeights } from './data.js';
import { bodyLines, type Block, type Case } from './format.js';
import { caseProblem, fine, type Outcome, type ReadCase } from './outcome.js';

type ErrorBlock = Extract<Block, { kind: 'error' }>;

/** Checks one case. Problems are diagnostics with their places in the `.cases` file. */
export async function runCase(one: Case, rules: RuleSet): Promise<readonly Outcome[]> {
  const errors = one.blocks.filter((block): block is ErrorBlock => block.kind === 'error');
  const graphErrors = errors.filter(({ pass }) => pass === null);
  const read = readCase(one, rules);
  if (read instanceof DiagnosticError) {
    if (graphErrors.length === 0) return [{ problems: read.diagnostics }];
    return graphErrors.map((block) => checkError(block, read));
  }
  const outcomes: Outcome[] = graphErrors.map((block) => ({
    problems: [caseProblem('E851', block.heading, `there is no error ${block.code}`)],
  }));
  for (const block of one.blocks) outcomes.push(await runBlock(block, read));
  if (errors.length > 0) return outcomes;
  const everywhere = checkText(one, read);
  for (const check of [checkPruned, checkExamples])
    everywhere.push(...(await diagnosticsOf(() => check(read, one.span))));
  return [...outcomes, { problems: everywhere }];
}

async function runBlock(block: Block, read: ReadCase): Promise<Outcome> {
  try {
    switch (block.kind) {
      case 'types':
        return checkTypes(block, read);
      case 'spaces':
        return checkSpaces(block, read);
      case 'emits':
        return checkEmits(block, read);
      case 'after':
        return await checkAfter(block, read);
      case 'unchanged':
        return await checkUnchanged(block, read);
      case 'error': {
        if (block.pass === null) return fine;
        const error = await errorOfPass(block.pass, block, read);
        if (error !== null) return checkError(block, error);
        return {
          problems: [caseProblem('E851', block.heading, `${block.pass} makes no error ${block.code}`)],
        };
      }
    }
  } catch (error) {
    if (error instanceof DiagnosticError) return { problems: error.diagnostics };
    throw error;
  }
}

/** The graph of a case with its data; or why there is none. */
export function readCase(one: Case, rules: RuleSet): ReadCase | DiagnosticError {
  try {
    const { graph, weights: literals, ranges } = parseGraphRange(one.graph, rules);
    const problems = verifyGraph(graph, rules);
    if (problems.length > 0) return new DiagnosticError(problems);
    inferAxes(graph, rules);
    return { graph, rules, ranges, weights: caseWeights(graph, literals, ranges) };
  } catch (error) {
    if (error instanceof DiagnosticError) return error;
    throw error;
  }
}

/** The code must be the expected one, and every line of the block a part of the message. */
function checkError(block: ErrorBlock, { diagnostics }: DiagnosticError): Outcome {
  const found = diagnostics.find(({ code }) => code === block.code);
  if (found === undefined) {
    const why = diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n');
    const { text, start, end } = block.body;
    const heading = `-- error ${diagnostics[0]!.code}${block.pass === null ? '' : ` after ${block.pass}`}`;
    return {
      problems: [caseProblem('E851', block.heading, `the error is not ${block.code}`, why)],
      update: { block, text: text.slice(start, end), heading },
    };
  }
  const words = [found.message, found.where, found.why, found.help].join('\n');
  const problems = bodyLines(block.body)
    .filter(({ text }) => !words.includes(text))
    .map(({ text, span }) => caseProblem('E851', span, `the error does not say: ${text}`, words.trim()));
  return { problems };
}

/** Every graph prints, and what is printed reads back to the same graph. */
function checkText(one: Case, { graph, rules }: ReadCase): Diagnostic[] {
  const text = printGraph(graph);
  const again = parseGraph(text, rules, one.graph.file).graph;
  if (sameAttr(again as unknown as Attr, graph as unknown as Attr)) return [];
  return [caseProblem('E855', one.span, 'the graph does not print and read back to the same graph', text)];
}

async function diagnosticsOf(check: () => Promise<Diagnostic[]>): Promise<readonly Diagnostic[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics;
    throw error;
  }
}
