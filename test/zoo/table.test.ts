/** docs/zoo.md has every model of the zoo, all within what is promised; three of them are compiled and verified anew. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { measureModel } from '../../bench/zoo-model.js';
import { deterministicCells } from '../../bench/zoo-table.js';
import { zooEntries } from './fetch.mjs';

const page = readFileSync(new URL('../../docs/zoo.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const names = (await zooEntries()).map(({ name }) => name);

describe('docs/zoo.md', () => {
  it('has a row for every model of the zoo', () => {
    expect(rows.map(([name]) => name)).toEqual(names.map((name) => `\`${name}\``));
  });

  it.each(rows)('%s differs by no more than rounding', (...cells) => {
    const [unpruned, pruned] = [Number(cells[7]), Number(cells[8])];
    expect(unpruned).toBeLessThanOrEqual(1e-5);
    expect(pruned).toBeLessThanOrEqual(1e-5);
  });

  it.each(rows)('%s was pruned', (...cells) => {
    const [pruned, all] = cells[2]!.split(' of ').map(Number);
    expect(pruned).toBeGreaterThan(0);
    expect(pruned).toBeLessThan(all!);
  });
});

describe('the zoo', () => {
  it.each(['antispoof', 'liveness', 'blazeface'])(
    '%s compiles to what its row says',
    async (name) => {
      const result = await measureModel(name);
      expect(result.passed).toBe(true);
      expect(result.unpruned).toBeLessThanOrEqual(1e-5);
      expect(result.pruned).toBeLessThanOrEqual(1e-5);
      const row = rows.find(([first]) => first === `\`${name}\``)!;
      // What depends on the machine are the differences: rounding.
      expect(row.slice(0, 7)).toEqual(deterministicCells(result).slice(0, 7));
    },
    300_000,
  );
});
