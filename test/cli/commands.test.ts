import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zooModel } from '../zoo/fetch.mjs';
import { espalier } from './run.js';

let model: string;
const work = mkdtempSync(join(tmpdir(), 'espalier-cli-'));
const out = join(work, 'out');

beforeAll(async () => {
  model = await zooModel('liveness');
}, 300_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('usage', () => {
  it('shows examples in the help of every command', async () => {
    const { stdout, code } = await espalier('--help');
    expect(code).toBe(0);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)]
      .map((match) => match[1]!)
      .filter((c) => c !== 'help');
    expect(commands).toEqual(
      expect.arrayContaining(['compile', 'verify', 'groups', 'explain', 'ir', 'check', 'rules']),
    );
    for (const command of commands) {
      const help = await espalier(command, '--help');
      expect(help.stdout, command).toMatch(/Examples?:\n {2}\$ .*espalier/);
    }
  });

  it.each([
    [['bogus'], "error: unknown command 'bogus'"],
    [['compile'], "error: missing required argument 'model'"],
    [['compile', 'm.json'], 'error: --out DIR is missing: the folder to write to'],
    [
      ['compile', 'm.json', '--ratio', 'half'],
      "error: option '--ratio <fraction>' argument 'half' is invalid. It must be a number.",
    ],
    [
      ['compile', 'm.json', '--backend', 'abacus'],
      "error: option '--backend <name>' argument 'abacus' is invalid.",
    ],
    [
      ['groups', 'm.json', '--input', 'image'],
      "error: option '--input <name=shape>' argument 'image' is invalid. Write NAME=SHAPE",
    ],
    [['explain', 'E999'], 'error: E999 is no code of a diagnostic'],
  ])('exits with 2 for %j', async (args, message) => {
    const { code, stderr, stdout } = await espalier(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
  });

  it('takes the shape of a single number', async () => {
    const { code, stderr } = await espalier('groups', join(work, 'nothing.json'), '--input', 'ratio=');
    expect(code).toBe(1);
    expect(stderr).toContain('error[E210]: there is no file');
  });

  it('exits with 1 for a model that is not there, and writes nothing', async () => {
    const { code, stderr } = await espalier('compile', join(work, 'nothing.json'), '--out', out);
    expect(code).toBe(1);
    expect(stderr).toContain('error[E210]: there is no file');
    expect(existsSync(out)).toBe(false);
  });

  it('reports all wrong options together', async () => {
    const args = ['--ratio', '1.5', '--round-to', '0', '--importance', 'guess', '--backend', 'wasm'];
    const { code, stderr } = await espalier('compile', model, '--out', out, ...args);
    expect(code).toBe(1);
    expect(stderr).toContain('--ratio 1.5 is not a fraction');
    expect(stderr).toContain('--round-to 0 is not a whole number from 1');
    expect(stderr).toContain('guess');
    expect(existsSync(out)).toBe(false);
  });
});

describe('compile and verify', () => {
  it('writes three files and says that they are exact', async () => {
    const { code, stdout, stderr } = await espalier(
      'compile',
      model,
      '--out',
      out,
      '--flops',
      '0.5',
      '--backend',
      'wasm',
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['model.ts', 'subnet.json', 'weights.safetensors']);
    expect(stdout).toMatch(/unpruned against reference .* equal/);
    expect(stdout).toMatch(/pruned against masked .* equal/);
    const verified = await espalier('verify', out, '--json');
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({ backend: 'wasm', passed: true });
  });

  it('gives the same bytes for the same input', async () => {
    const again = join(work, 'again');
    await espalier('compile', model, '--out', again, '--flops', '0.5', '--backend', 'wasm', '--no-verify');
    for (const name of readdirSync(out)) {
      expect(readFileSync(join(again, name)).equals(readFileSync(join(out, name))), name).toBe(true);
    }
  });

  it('finds weights that have been tampered with: exit 3', async () => {
    const file = join(out, 'weights.safetensors');
    const bytes = readFileSync(file);
    const changed = Buffer.from(bytes);
    changed.writeFloatLE(100, bytes.length - 4);
    writeFileSync(file, changed);
    const { code, stderr } = await espalier('verify', out, '--backend', 'wasm');
    writeFileSync(file, bytes);
    expect(code).toBe(3);
    expect(stderr).toContain('error[E602]: pruned against masked');
  });

  it('refuses a folder that it has not written', async () => {
    const { code, stderr } = await espalier('verify', work);
    expect(code).toBe(1);
    expect(stderr).toContain('error[E902]');
  });
});

describe('what is in a model', () => {
  it('lists channel spaces', async () => {
    const { code, stdout } = await espalier('groups', model, '--json');
    expect(code).toBe(0);
    const spaces = JSON.parse(stdout) as { id: string; size: number; status: string }[];
    expect(spaces.map(({ size, status }) => `${size} ${status}`)).toEqual([
      '16 prunable',
      '16 prunable',
      '32 prunable',
      '32 prunable',
      '64 prunable',
    ]);
  });

  it('explains why an axis is frozen', async () => {
    const { stdout: groups } = await espalier('groups', model, '--all', '--json');
    const frozen = (JSON.parse(groups) as { id: string; reasons: { message: string }[] }[]).find((space) =>
      space.reasons.some(({ message }) => message.includes('softmax')),
    );
    const { code, stdout } = await espalier('explain', model, frozen!.id);
    expect(code).toBe(0);
    expect(stdout).toContain('can’t be pruned');
    expect(stdout).toMatch(
      /frozen: the rule of softmax says fixed \w+ at node ".*" \(rules\/activation\.rules:\d+\)/,
    );
  });

  it('prints the intermediate representation, which parses back', async () => {
    const { code, stdout } = await espalier('ir', model);
    expect(code).toBe(0);
    const [{ parseGraph }, { printGraph }, { loadRules }] = await Promise.all([
      import('../../src/ir/parse.js'),
      import('../../src/ir/print.js'),
      import('../../src/lang/load.js'),
    ]);
    expect(`${printGraph(parseGraph(stdout, loadRules([])).graph)}\n`).toBe(stdout);
  });
});

describe('rules', () => {
  it('checks rule files and reports every problem with a caret', async () => {
    const file = join(work, 'wrong.rules');
    writeFileSync(file, '/// Doc.\nop twice(x) -> y {\n  axes x[a...] -> y[b...]\n  emit tf.mul(x, z)\n}\n');
    const { code, stderr } = await espalier('check', file);
    expect(code).toBe(1);
    expect(stderr).toContain('wrong.rules:3:');
    expect(stderr).toContain('wrong.rules:4:');
    expect(stderr).toContain('^');
  });

  it('lists operations of a source', async () => {
    const { code, stdout } = await espalier('rules', '--source', 'tf', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ source: 'tf', type: 'Conv2D', op: 'conv2d' }),
    );
  });
});
