/** Tests that need a browser, a GPU driver or TensorFlow's native library; `.ci/install-backends` installs them. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/backends/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'forks',
    // Backends compute on all cores: tests of several at once would only wait for each other.
    fileParallelism: false,
  },
});
