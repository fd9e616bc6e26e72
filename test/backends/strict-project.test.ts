import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkProject } from '../emit/user-project.js';

it('an emitted module type-checks under strict with only the package of node-gpu', async () => {
  const root = mkdtempSync(join(tmpdir(), 'espalier-project-'));
  try {
    expect((await checkProject(root, 'node-gpu', {}, false)).problems).toEqual([]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
