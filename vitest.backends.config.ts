/** Tests that need a browser, a GPU driver or TensorFlow's native library; `.ci/install-backends` installs them. */
import { tmpdir } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/backends/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    // Backends compute on all cores: tests of several at once would only wait for each other.
    fileParallelism: false,
    // WebGPU in Node.js computes with the Vulkan driver that comes with Chromium, unless another one is named.
    env: {
      VK_ICD_FILENAMES: process.env.VK_ICD_FILENAMES ?? '/usr/lib/chromium/vk_swiftshader_icd.json',
      XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir(),
    },
  },
});
