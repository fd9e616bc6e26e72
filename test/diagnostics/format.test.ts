import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.js';
import { formatDiagnostics } from '../../src/diagnostics/format.js';

const sources = new Map([['a.rules', 'first line\n\tsecond line\nthird']]);

const full: Diagnostic = {
  code: 'E100',
  severity: 'error',
  message: 'something is wrong',
  span: { file: 'a.rules', start: 12, end: 18 },
  why: 'Because it is.\nFor two reasons.',
  help: 'Do this:\n\n  op x',
  notes: [
    { message: 'the other is here', span: { file: 'a.rules', start: 0, end: 5 } },
    { message: 'and so on' },
  ],
};

describe('diagnostics as text', () => {
  it('show the place, the reason and what to do', () => {
    expect(formatDiagnostics([full], sources, { colour: false })).toBe(
      [
        'error[E100]: something is wrong',
        '  at a.rules:2:2',
        '  2 | \tsecond line',
        '    | \t^^^^^^',
        '  why: Because it is.',
        '       For two reasons.',
        '  help: Do this:',
        '',
        '          op x',
        '  note: the other is here',
        '  at a.rules:1:1',
        '  1 | first line',
        '    | ^^^^^',
        '  note: and so on',
        '',
      ].join('\n'),
    );
  });

  it('show a place that is not in a text, and a file whose text is not at hand', () => {
    const diagnostics: Diagnostic[] = [
      { code: 'E200', severity: 'warning', message: 'odd', where: 'node "a/b" of model.json' },
      { code: 'E101', severity: 'error', message: 'bad', span: { file: 'gone.rules', start: 3, end: 4 } },
    ];
    expect(formatDiagnostics(diagnostics, sources, { colour: false })).toBe(
      'warning[E200]: odd\n  at node "a/b" of model.json\n\nerror[E101]: bad\n  at gone.rules\n',
    );
  });

  it('mark no more than the first line of a long place, and something of an empty one', () => {
    const at = (start: number, end: number): string =>
      formatDiagnostics(
        [{ code: 'E1', severity: 'error', message: 'm', span: { file: 'a.rules', start, end } }],
        sources,
        { colour: false },
      ).split('\n')[3]!;
    expect(at(6, 25)).toBe('    |       ^^^^');
    expect(at(29, 29)).toBe('    |      ^');
  });

  it('have colours when asked', () => {
    const text = formatDiagnostics([full], sources, { colour: true });
    expect(text.startsWith('\u001b[31merror[E100]\u001b[0m\u001b[1m: something is wrong\u001b[0m')).toBe(
      true,
    );
    // eslint-disable-next-line no-control-regex
    expect(text.replace(/\u001b\[\d+m/g, '')).toBe(formatDiagnostics([full], sources, { colour: false }));
  });
});
