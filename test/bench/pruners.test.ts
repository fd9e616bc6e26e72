/** The comparison with another pruner: who is asked when, and what the page makes of the times. */
import { describe, expect, it } from 'vitest';
import { inWords, prunersPage, type ComparedModel } from '../../bench/pruners/page.js';
import { takeTurns, type Turn } from '../../bench/pruners/turns.js';
import type { Side } from '../../bench/worker.js';

/** A process that answers with a result, then with how often it has been asked. */
const side = (macs: number, turn: string): Side => ({
  command: process.execPath,
  args: [
    '-e',
    `const say = (value) => console.log(JSON.stringify(value));
     say({ macs: { before: ${macs}, after: 1 }, params: { before: 2, after: 1 } });
     let asked = 0;
     require('node:readline').createInterface({ input: process.stdin }).on('line', () => { asked++; say(${turn}); });`,
  ],
});

describe('turns', () => {
  it('are equally many, and count with the repetition in their middle', async () => {
    // The later it is asked, the longer the first one says that it took: the middle is known.
    const first = side(5, '{ a: [asked, 1], "of which b": [1000 - asked, 1] }');
    const limits = { warmUpMilliseconds: 0, turnMilliseconds: 50, fewest: 3, most: 3, milliseconds: 0 };
    const { results, turns } = await takeTurns(first, side(7, '{ c: [9, 8] }'), limits);
    expect(results.map(({ macs }) => macs.before)).toEqual([5, 7]);
    expect(turns.map(([, theirs]) => theirs)).toEqual([{ c: [9, 8] }, { c: [9, 8] }, { c: [9, 8] }]);
    const middles = turns.map(([ours]) => ours['a']![0]);
    expect(middles).toEqual([...new Set(middles)].sort((x, y) => x - y));
    expect(middles[0]).toBeGreaterThan(1);
  });

  it('end with a process that ends', async () => {
    const ends: Side = { command: process.execPath, args: ['-e', 'process.exit(4)'] };
    await expect(takeTurns(ends, side(1, '{}'))).rejects.toThrow('ended with exit code 4');
  });
});

const turn = (times: Readonly<Record<string, number>>): Turn =>
  Object.fromEntries(Object.entries(times).map(([part, wall]) => [part, [wall, 2 * wall]]));

const model: ComparedModel = {
  name: 'net',
  results: [
    { macs: { before: 4e9, after: 1e9 }, params: { before: 25.6e6, after: 7e6 } },
    { macs: { before: 4.1e9, after: 1.1e9 }, params: { before: 25.5e6, after: 6.9e6 } },
  ],
  turns: [10, 20, 30].map((ms) => [
    turn({ 'find channels': ms, 'score and choose': 2 * ms, slice: ms }),
    turn({ 'of which build': 1000, 'set up': 3 * 4 * ms, step: 4 * ms }),
  ]),
  whole: [
    [
      { seconds: 2, processor: 1 },
      { seconds: 3, processor: 4 },
    ],
  ],
};

describe('the page', () => {
  it('adds up the parts, and counts none of them twice', () => {
    expect(inWords(model)).toBe(
      'net: warm 160 and 640 ms of processor time, 4.0 (4.0–4.0) times faster, 4.0 (4.0–4.0) in processor time; ' +
        'whole process 2.00 and 3.00 s, 1.5 (1.5–1.5) times faster',
    );
  });

  it('has a row for each model in every table', () => {
    const page = prunersPage([model], {
      versions: { python: '3.11', torch: '2' },
      threads: 1,
      torchPruning: '1.6.1',
    });
    expect(page.split('\n').filter((line) => line.startsWith('| `net`'))).toEqual([
      '| `net` | 20 | 40 | 20 | 80 | 240 | 1000 | 80 | 320 | 4.0 (4.0–4.0) | 4.0 (4.0–4.0) | 3 |',
      '| `net` | 2.00 | 1.00 | 3.00 | 4.00 | 1.5 (1.5–1.5) | 4.0 (4.0–4.0) | 1 |',
      '| `net` | 4.00 G | 1.00 G | 25.6 M | 7.00 M | 4.10 G | 1.10 G | 25.5 M | 6.90 M |',
    ]);
  });
});
