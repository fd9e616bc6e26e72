import { describe, expect, it } from 'vitest';
import { bless } from '../../src/cases/bless.js';
import { uncovered } from '../../src/cases/coverage.js';
import { parseCases } from '../../src/cases/format.js';
import { runCase } from '../../src/cases/run.js';
import { DiagnosticError } from '../../src/diagnostics/diagnostic.js';
import { formatDiagnostics } from '../../src/diagnostics/format.js';
import { rulesOf } from '../rules-of.js';

const rules = rulesOf(
  `
/// A dense layer.
op dense(x, k) -> y { axes x[lead..., i] k[i, o] -> y[lead..., o] zeros k emit tf.matMul(x, k) }
/// max(x, 0)
op relu(x) -> y { axes x[a...] -> y[a...] zeros x emit tf.relu(x) }
/// A product.
op mul(x, y) -> z { axes x[a...] y[b...] -> z[broadcast(a, b)...] zeros x or y commutes x, y emit tf.mul(x, y) }
/// The logarithm.
op log(x) -> y { axes x[a...] -> y[a...] emit tf.log(x) }
/// One after the other, and then flat.
op join(xs*) -> y { axes xs*[lead..., c*] -> y[lead..., (+ c*)] zeros xs emit tf.concat(xs, rank(y) - 1) }
/// The last two axes in one.
op flatten(x) -> y { axes x[n, a, b] -> y[n, (a b)] zeros x emit tf.reshape(x, shape(y)) }
/// A wrong sum: it says that a channel can go without a change, and counts channels.
op wrong(x) -> y { axes x[n, c] -> y[n] zeros x emit tf.mean(x, 1) }
/// Another wrong one: it says that every number is on its own, and takes the mean of the batch away.
op centre(x) -> y { axes x[a...] -> y[a...] emit tf.sub(x, tf.mean(x, 0, true)) }
/// Twice is once.
rewrite twice { relu(relu(x)) => relu(x) }
/// Not the same at all.
rewrite false_friend { log(relu(x)) => relu(x) }
/// Never.
rewrite endless { mul(x, y) as m where uses(m) > 0 => mul(y, x) }
infix * = mul
`,
  'toy.rules',
);

async function run(text: string): Promise<string> {
  const source = { file: 'toy.cases', text };
  const texts = new Map([...rules.files, source].map(({ file, text }) => [file, text]));
  const problems = [];
  for (const one of parseCases(source)) {
    for (const outcome of await runCase(one, rules)) problems.push(...outcome.problems);
  }
  return formatDiagnostics(problems, texts, { colour: false });
}

const network = (expectations: string, middle = '%a = relu(x: %h)'): string => `== a network
graph {
  input %x "x": float32[N,4]
  param %k "k": float32[4,6]
  param %l "l": float32[6,2]
  %h = dense(x: %x, k: %k)
  ${middle}
  %y = dense(x: %a, k: %l)
  output "y": %y
}
${expectations}`;

describe('cases that hold', () => {
  it('have no problems, whatever they expect', async () => {
    const text = network(`-- types
%a: float32[N,6]
-- spaces
%k.1 = %l.0 = %a.1 (6); %k.0 frozen
%l.1 frozen; %k.1 free; %k.1 != %l.1
-- emits
tf.matMul(x, k)
tf.relu(h)
tf.matMul(a, l)
-- unchanged after twice
%h is dense, not relu
`);
    expect(await run(text)).toBe('');
  });

  it('state sums and products of axes', async () => {
    const text = `== sums and products
graph {
  input %x "x": float32[N,3,4]
  param %k "k": float32[4,2]
  param %l "l": float32[4,5]
  param %m "m": float32[21,1]
  %a = dense(x: %x, k: %k)
  %b = dense(x: %x, k: %l)
  %c = join(xs: [%a, %b])
  %f = flatten(x: %c)
  %y = dense(x: %f, k: %m)
  output "y": %y
}
-- spaces
%c.2 = (%k.1 + %l.1)
%m.0 = (%x.1 (%k.1 + %l.1))
%m.0 = %f.1
%m.0 != %m.1
`;
    expect(await run(text)).toBe('');
  });

  it('expect errors, of the graph and of passes', async () => {
    const text = `== it does not fit
graph {
  input %x "x": float32[N,4]
  param %k "k": float32[3,6]
  %y = dense(x: %x, k: %k)
  output "y": %y
}
-- error E301
axis i is 3 in k, but it is 4 elsewhere

== it never ends
graph {
  input %x "x": float32[N,4]
  param %k "k": float32[4]
  %y = mul(x: %x, y: %k)
  output "y": %y
}
-- error E820 after endless
goes on without end
`;
    expect(await run(text)).toBe('');
  });
});

describe('cases that do not hold', () => {
  it('say what is so', async () => {
    const text = network(`-- types
%a: float32[N,7]
%b: float32[N,6]
-- spaces
%k.1 = %l.1
%k.1 frozen
%k.1 (5)
%q.1 free
-- emits
tf.matMul(x, k)
tf.relu(x)
-- after twice
graph {}
-- error E301
`);
    expect(await run(text)).toBe(`error[E851]: there is no error E301
  at toy.cases:24:1
  24 | -- error E301
     | ^^^^^^^^^^^^^

error[E851]: %a is float32[N,6]
  at toy.cases:12:1
  12 | %a: float32[N,7]
     | ^^^^^^^^^^^^^^^^

error[E852]: this names no value of the graph
  at toy.cases:13:1
  13 | %b: float32[N,6]
     | ^^^^^^^^^^^^^^^^
  help: Write \`%y: float32[N,8]\`.

error[E851]: %k.1 and %l.1 are not the same: k[1] and l[1] frozen
  at toy.cases:15:1
  15 | %k.1 = %l.1
     | ^^^^^^^^^^^

error[E851]: %k.1 is not frozen: k[1]
  at toy.cases:16:1
  16 | %k.1 frozen
     | ^^^^^^^^^^^

error[E851]: %k.1 has 6 free channels
  at toy.cases:17:1
  17 | %k.1 (5)
     | ^^^^^^^^

error[E852]: %q.1 names no axis of the graph
  at toy.cases:18:1
  18 | %q.1 free
     | ^^^^^^^^^

error[E851]: this is not emitted
  at toy.cases:21:1
  21 | tf.relu(x)
     | ^^^^^^^^^^
  why: The nodes emit
       tf.matMul(x, k)
       tf.relu(h)
       tf.matMul(a, l)

error[E851]: twice does not apply
  at toy.cases:22:1
  22 | -- after twice
     | ^^^^^^^^^^^^^^
  why: twice at %a: %h is dense, not relu
`);
  });

  it('catch a rewrite that changes what is computed', async () => {
    const text = `== false friends
graph {
  input %x "x": float32[N,4] = random(1, 2)
  %r = relu(x: %x)
  %y = log(x: %r)
  output "y": %y
}
-- after false_friend
graph {
  input %x "x": float32[N,4]
  %y = relu(x: %x)
  output "y": %y
}
`;
    expect(await run(text)).toMatch(
      /^error\[E854\]: the pass changes what is computed\n {2}at toy\.cases:8:1\n[^]*The output "y" differs by \d\.\d\de[+-]\d+ of its scale\.\n$/,
    );
  });

  it('catch a rule whose pruned network is not the masked one', async () => {
    const text = `== a wrong sum
graph {
  input %x "x": float32[N,4]
  param %k "k": float32[4,6]
  %h = dense(x: %x, k: %k)
  %y = wrong(x: %h)
  output "y": %y
}
`;
    expect(await run(text)).toContain('error[E854]: the pruned network is not the masked one');
  });

  it('catch a rule that says examples are independent where they are not', async () => {
    const text = `== a wrong mean
graph {
  input %x "x": float32[N,4]
  %y = centre(x: %x)
  output "y": %y
}
`;
    expect(await run(text)).toContain('error[E854]: what is computed of an example depends on others');
  });

  it('catch data that leads to no number', async () => {
    expect(await run(network('', '%a = log(x: %h)'))).toContain(
      'help: Say what the data is like: `param %v "v": float32[8] = random(0.5, 2)`; the same for an input.',
    );
  });
});

describe('the text of cases', () => {
  it('must be well-formed', () => {
    const text = 'words\n== \n-- nothing\n== a\ngraph {}\n-- after\n== a\n';
    expect(() => parseCases({ file: 'toy.cases', text })).toThrow(DiagnosticError);
    try {
      parseCases({ file: 'toy.cases', text });
    } catch (error) {
      expect((error as DiagnosticError).diagnostics.map(({ message }) => message)).toEqual([
        'there is text before the first case',
        'a case needs a title of its own',
        '"nothing" is nothing that a case can expect',
        '"after" is nothing that a case can expect',
        'a case needs a title of its own',
      ]);
    }
  });

  it('is rewritten where it does not hold, and only there', async () => {
    const text = `${network(`-- types
%a: float32[N,7]

-- spaces
%k.1 = %l.0 (6)
// the layers of the network
-- emits
`)}
== an error
graph {
  input %x "x": float32[N,4]
  %y = none(x: %x)
  output "y": %y
}
-- error E301
`;
    const source = { file: 'toy.cases', text };
    const outcomes = [];
    for (const one of parseCases(source)) outcomes.push(...(await runCase(one, rules)));
    const blessed = bless(source, outcomes);
    expect(blessed).toBe(`${network(`-- types
%a: float32[N,6]

-- spaces
%k.1 = %l.0 (6)
// the layers of the network
-- emits
tf.matMul(x, k)
tf.relu(h)
tf.matMul(a, l)
`)}
== an error
graph {
  input %x "x": float32[N,4]
  %y = none(x: %x)
  output "y": %y
}
-- error E802
`);
    expect(await run(blessed)).toBe('');
  });

  it('is rewritten with facts that hold, about channels joined to others too', async () => {
    const text = `== joined
graph {
  input %x "x": float32[N,4]
  param %k "k": float32[4,6]
  param %l "l": float32[4,3]
  param %m "m": float32[9,2]
  %a = dense(x: %x, k: %k)
  %b = dense(x: %x, k: %l)
  %j = join(xs: [%a, %b])
  %y = dense(x: %j, k: %m)
  output "y": %y
}
-- spaces
%k.1 = %l.1
`;
    const source = { file: 'toy.cases', text };
    const [only] = parseCases(source);
    const blessed = bless(source, await runCase(only!, rules));
    expect(blessed.slice(text.indexOf('-- spaces'))).toBe(
      '-- spaces\n%k.1 (6)\n%m.0 = (%k.1 + %l.1)\n%l.1 (3)\n',
    );
    expect(await run(blessed)).toBe('');
  });

  it('must use everything that the rule file declares', () => {
    const cases = parseCases({ file: 'toy.cases', text: network('-- after twice\ngraph {}\n') });
    expect(uncovered(rules.files[0]!, cases, rules).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'op mul',
      'op log',
      'op join',
      'op flatten',
      'op wrong',
      'op centre',
      'rewrite false_friend',
      'rewrite endless',
    ]);
  });
});
