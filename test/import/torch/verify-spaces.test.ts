/** The channel spaces of the program are held against those of the backward graph whenever a trace is verified. */
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { espalier } from '../../cli/run.js';
import { changedTrace, type Mutable } from './traces.js';

const outFolder = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'espalier-views-')), 'out');

/** What `compile` prints for a changed trace. Digits of differences are rounding, and depend on the machine. */
async function compiled(change: (trace: Mutable) => unknown, ...more: string[]) {
  const file = await changedTrace('residual', change);
  const out = await outFolder();
  const args = ['--out', out, '--ratio', '0.5', '--backend', 'wasm', ...more];
  const ran = await espalier('compile', dirname(file), ...args);
  return { ...ran, out, checks: checksOf(ran.stdout) };
}

const checksOf = (stdout: string): string[] =>
  stdout
    .split('\n')
    .flatMap(
      (line) =>
        /^(\w+ against [\w ]+?) {2,}.* (equal|different|not compared)$/.exec(line)?.slice(1).join(': ') ?? [],
    );

const numeric = ['unpruned against reference: equal', 'pruned against masked: equal'];

it('they agree: compile and verify say so', { timeout: 120_000 }, async () => {
  const { code, out, stdout, stderr, checks } = await compiled(() => undefined);
  expect({ code, stderr, checks }).toEqual({
    code: 0,
    stderr: '',
    checks: [...numeric, 'spaces against backward graph: equal'],
  });
  expect(stdout).toMatch(/^spaces against backward graph {2}- {19}- {13}equal$/m);
  const again = await espalier('verify', out);
  expect({ code: again.code, checks: checksOf(again.stdout) }).toEqual({ code, checks });
  const { spaces } = JSON.parse((await espalier('verify', out, '--json')).stdout) as { spaces: unknown };
  expect(spaces).toEqual({ verdict: 'equal', problems: [] });
});

it('what is excluded is frozen in one of them only, and no difference', { timeout: 120_000 }, async () => {
  const { code, checks } = await compiled(() => undefined, '--exclude', 'block.conv1.weight');
  expect({ code, checks }).toEqual({ code: 0, checks: [...numeric, 'spaces against backward graph: equal'] });
});

/** The residual connection adds the block's result to itself: numbers are those of the program, and coupling is not. */
function withoutSkip({ backward }: Mutable): void {
  const [add] = (backward!['nodes'] as unknown as Mutable[]).filter(
    ({ type }) => String(type) === 'AddBackward0',
  );
  add!['inputs']![0] = add!['inputs']![1]!;
}

it('they disagree: nothing is written, and every difference is an error', { timeout: 120_000 }, async () => {
  const { code, out, stderr, checks } = await compiled(withoutSkip);
  expect({ code, checks }).toEqual({
    code: 3,
    checks: [...numeric, 'spaces against backward graph: different'],
  });
  expect(existsSync(out)).toBe(false);
  expect(stderr.trim()).toMatchInlineSnapshot(`
    "error[E229]: block.conv2.weight[0] is coupled with stem.weight[0] in the program and not in the backward graph
      at the channel spaces of the two graphs
      why: the same channels must be pruned together, whichever graph they are read from
      help: one of the rules for this part of the model is wrong: compare their \`axes\`, \`from torch\` and \`from aten\`

    error[E229]: block.conv2.bias[0] is coupled with stem.weight[0] in the program and not in the backward graph
      at the channel spaces of the two graphs
      why: the same channels must be pruned together, whichever graph they are read from
      help: one of the rules for this part of the model is wrong: compare their \`axes\`, \`from torch\` and \`from aten\`

    error[E229]: side.weight[1] is coupled with stem.weight[0] in the program and not in the backward graph
      at the channel spaces of the two graphs
      why: the same channels must be pruned together, whichever graph they are read from
      help: one of the rules for this part of the model is wrong: compare their \`axes\`, \`from torch\` and \`from aten\`

    error[E229]: fc.weight[1] is coupled with stem.weight[0] in the program and not in the backward graph
      at the channel spaces of the two graphs
      why: the same channels must be pruned together, whichever graph they are read from
      help: one of the rules for this part of the model is wrong: compare their \`axes\`, \`from torch\` and \`from aten\`"
  `);
});

it('--no-verify goes by the program alone', { timeout: 120_000 }, async () => {
  const { code, out, stderr } = await compiled(withoutSkip, '--no-verify');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(existsSync(out)).toBe(true);
});

it(
  'an operation that only the backward graph has stops nothing, and is told',
  { timeout: 120_000 },
  async () => {
    const { code, out, stderr, checks } = await compiled(({ backward }) => {
      for (const node of backward!['nodes'] as unknown as Mutable[]) {
        if (String(node['type']) === 'ReluBackward0') node['type'] = 'RampBackward0' as unknown as Mutable;
      }
    });
    expect({ code, checks }).toEqual({
      code: 0,
      checks: [...numeric, 'spaces against backward graph: not compared'],
    });
    expect(stderr.trim()).toMatchInlineSnapshot(`
      "warning[E230]: the channel spaces were not compared with those of the backward graph
        why: The backward graph can't be read by the rules: no rule for the operation RampBackward0.
        help: Write how autograd names these operations, \`from torch\`, into their rules. The compiled module does not depend on it."
    `);
    expect((await espalier('verify', out)).stderr).toBe(stderr);
  },
);
