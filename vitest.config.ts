import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', '**/node_modules/**'],
    globalSetup: ['test/build.ts'],
    pool: 'forks',
    // Tests of commands start processes, several each; a busy machine must not make them fail.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: process.env['GITHUB_ACTIONS'] === 'true' ? ['default', 'github-actions'] : ['default'],
    outputFile: { json: 'coverage/tests.json' },
  },
})
