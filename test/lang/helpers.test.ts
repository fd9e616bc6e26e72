import { describe, expect, it } from 'vitest';
import { readHelpers } from '../../src/lang/helpers.js';

const text = `import * as tf from '@tensorflow/tfjs-core';

/** A pair. */
interface Pair {
  readonly a: tf.Tensor;
}

const half = { factor: 0.5, text: '}' };

// Not documentation.
export function plain(x: tf.Tensor): { a: tf.Tensor } {
  if (x.rank > 1) {
    return { a: tf.mul(x, half.factor) };
  }
  return { a: x };
}

/**
 * Calls another: \`}\`.
 */
export function calls<T extends tf.Tensor>(x: T, options: { readonly by: number } = { by: 1 }): Pair {
  const note = "plain text }";
  return plain(tf.mul(x, options.by + note.length)); // plain
}
`;

it('uses what is spread, and no field of the same name', () => {
  const { helpers } = readHelpers([
    {
      file: 'a.helpers.ts',
      text: 'const some = [1];\n\nfunction all() {\n  return [...some];\n}\n\nfunction none(x: any) {\n  return x.some;\n}\n',
    },
  ]);
  expect(helpers.get('all')!.uses).toEqual(['some']);
  expect(helpers.get('none')!.uses).toEqual([]);
});

it('does not use what comments and strings are about, but what templates compute', () => {
  const { helpers } = readHelpers([
    {
      file: 'a.helpers.ts',
      text: [
        'const one = 1;\n\nconst two = 2;\n',
        '/** Not one. */\nfunction none() {\n  // Nor one: it is not two.\n  return /* one */ \'one\' + "one" + `two`.length;\n}\n',
        'function all() {\n  return `${one} // ${two}`;\n}\n',
      ].join('\n'),
    },
  ]);
  expect(helpers.get('none')!.uses).toEqual(['two']);
  expect(helpers.get('all')!.uses).toEqual(['one', 'two']);
});

it('does not use another helper that a variable of its own is named as', () => {
  const { helpers } = readHelpers([
    {
      file: 'a.helpers.ts',
      text: 'const some = [1];\n\nfunction none(x: number) {\n  const some = 2 * x;\n  return some;\n}\n',
    },
  ]);
  expect(helpers.get('none')!.uses).toEqual([]);
});

describe('helpers', () => {
  const { helpers, diagnostics } = readHelpers([{ file: 'a.helpers.ts', text }]);

  it('are found with all of their text', () => {
    expect(diagnostics).toEqual([]);
    expect([...helpers.keys()]).toEqual(['Pair', 'half', 'plain', 'calls']);
    expect(helpers.get('half')!.text).toBe("const half = { factor: 0.5, text: '}' };");
    expect(helpers.get('plain')!.text).toBe(
      text.slice(text.indexOf('export function plain'), text.indexOf('\n\n/**\n')),
    );
    expect(helpers.get('calls')!.text.startsWith('/**\n * Calls another')).toBe(true);
    expect(helpers.get('calls')!.text.endsWith('// plain\n}')).toBe(true);
    expect(helpers.get('Pair')!.text).toBe('/** A pair. */\ninterface Pair {\n  readonly a: tf.Tensor;\n}');
  });

  it('know the others that they use', () => {
    expect(helpers.get('plain')!.uses).toEqual(['half']);
    expect(helpers.get('calls')!.uses).toEqual(['Pair', 'plain']);
  });

  it('one name stands for one helper, whatever the file', () => {
    const second = readHelpers([
      { file: 'a.helpers.ts', text },
      { file: 'b.helpers.ts', text: 'export function plain(): void {}\n' },
    ]);
    expect(second.diagnostics).toMatchObject([
      { code: 'E134', span: { file: 'b.helpers.ts', start: 16, end: 21 } },
    ]);
    expect(second.helpers.get('plain')!.file).toBe('a.helpers.ts');
  });
});
