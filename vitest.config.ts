import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const NEVER = ['test/bench/**', '**/node_modules/**']
/** Tests that talk to a Kafka broker. */
const WITH_BROKER = ['test/integration/**/*.test.ts', 'test/contracts/driver*.test.ts']

export default defineConfig({
  test: {
    globalSetup: ['test/build.ts'],
    pool: 'forks',
    reporters: process.env['GITHUB_ACTIONS'] === 'true' ? ['default', 'github-actions'] : ['default'],
    outputFile: { json: 'coverage/tests.json' },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...NEVER, ...WITH_BROKER],
          pool: 'forks',
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Tests of commands start processes, several each; a busy machine must not make them fail.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          // Real brokers on two busy cores: a test that fails twice has failed.
          retry: 1,
          include: WITH_BROKER,
          exclude: NEVER,
          // Runs once, and only if tests of this project are run.
          globalSetup: ['test/broker/setup.ts'],
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // After the others. They share a broker, and wait more than they work.
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
        },
      },
    ],
  },
})
