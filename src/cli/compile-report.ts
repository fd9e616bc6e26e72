/** What `compile` and `verify` print. */
import type { CompileResult } from '../compile/compile.js';
import type { Verification } from '../verify/verify.js';
import { percent, shortNumber, table } from './table.js';

const removed = ({ before, after }: { readonly before: number; readonly after: number }): string =>
  before === 0 ? '-' : percent(1 - after / before);

export function compileSummary(result: CompileResult): string {
  const { report, verification, files } = result;
  const row = (name: string, value: { before: number; after: number }): string[] => [
    name,
    shortNumber(value.before),
    shortNumber(value.after),
    removed(value),
  ];
  const lines = [
    table(
      ['', 'before', 'after', 'removed'],
      [row('MACs', report.macs), row('parameters', report.params), row('channels', report.channels)],
    ),
    `${report.spaces.pruned} of ${report.spaces.prunable} prunable channel spaces pruned (${report.spaces.total} in all).`,
  ];
  if (report.target !== null) {
    const { kind, amount, reached } = report.target;
    lines.push(`Asked to remove ${percent(amount)} (${kind}); removed ${percent(reached)}.`);
  }
  if (verification !== null) lines.push(verificationSummary(verification.result, verification.backend));
  if (files.length > 0) lines.push(`Written: ${files.join(', ')}`);
  else lines.push('Nothing was written.');
  return `${lines.join('\n')}\n`;
}

export function verificationSummary(result: Verification, backend: string): string {
  const rows = result.checks.map((check) => [
    check.name,
    check.absolute.toExponential(1),
    check.relative.toExponential(1),
    check.verdict,
  ]);
  const spaces =
    result.spaces === undefined ? [] : [['spaces against backward graph', '-', '-', result.spaces.verdict]];
  return [
    `Verified on ${backend}, ${result.tolerance.toExponential(0)} of the output's scale allowed:`,
    table(['', 'largest difference', 'of the scale', ''], [...rows, ...spaces]),
    ...result.remarks,
  ].join('\n');
}

export function compileJson(result: CompileResult): object {
  const { report, verification, files, timings, warnings, weightBytes } = result;
  return { files, report, weightBytes, verification, timings, warnings };
}

export function timingsTable(timings: CompileResult['timings']): string {
  const total = timings.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const rows = [...timings, { stage: 'total', milliseconds: total }];
  return table(
    ['stage', 'ms'],
    rows.map(({ stage, milliseconds }) => [stage, milliseconds.toFixed(1)]),
  );
}
