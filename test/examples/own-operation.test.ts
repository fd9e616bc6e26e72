/** The README of the example says what happens without its rule file and with it; exactly that must happen. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { expectShown, runCommand } from '../docs/console.js';
import { fencedBlocks, shownCommands } from '../docs/markdown.js';

const example = fileURLToPath(new URL('../../examples/own-operation', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'espalier-example-'));
cpSync(example, join(folder, 'examples/own-operation'), { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const blocks = fencedBlocks(readFileSync(join(example, 'README.md'), 'utf8'));

describe('examples/own-operation', () => {
  it.each(
    blocks.flatMap(({ text, options }) =>
      shownCommands(text).map((shown) => [shown.command, Number(options['exit'] ?? 0), shown] as const),
    ),
  )('%s', (command, exit, shown) => {
    const ran = runCommand(command, folder);
    expectShown(ran, shown);
    expect(ran.status).toBe(exit);
  });

  it('compiles only with the rule file', () => {
    const commands = blocks.flatMap(({ text }) => shownCommands(text)).map(({ command }) => command);
    const compiling = commands.filter((command) => command.includes(' compile '));
    expect(compiling.map((command) => command.includes('--rules'))).toEqual([false, true]);
  });

  it('writes a module that has the function of the helper file', () => {
    const text = readFileSync(join(folder, 'demo-out/snake/model.ts'), 'utf8');
    expect(text).toContain(
      'function snake<T extends tf.Tensor>(x: T, alpha: tf.Tensor, epsilon: number): T {',
    );
    expect(text).toContain("stemAlpha: read('stem/alpha', [8])");
  });
});
