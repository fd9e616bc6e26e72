import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectFile } from '../../src/lang/project-file.js';
import { missingKernels } from './missing-kernels.js';

describe('rules/kernels.json', () => {
  it('says what the backends of TensorFlow.js lack', async () => {
    const text = `${JSON.stringify(missingKernels(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(projectFile('rules/kernels.json'));
    expect(JSON.parse(readFileSync(projectFile('rules/kernels.json'), 'utf8')).cpu).toEqual({});
  });
});
