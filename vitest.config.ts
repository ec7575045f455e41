import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { SlowFirst } from './test/slow-first.ts'

const NEVER = ['test/bench/**', '**/node_modules/**']
/** Modules that are built. */
const BUILT = /\/dist\/(?:src|transforms)\//
/** Tests that talk to a Kafka broker. */
const WITH_BROKER = ['test/integration/**/*.test.ts', 'test/contracts/driver*.test.ts']

export default defineConfig({
  test: {
    globalSetup: ['test/build.ts'],
    pool: 'forks',
    sequence: { sequencer: SlowFirst },
    reporters: [
      'default',
      './test/slowest.ts',
      ...(process.env['GITHUB_ACTIONS'] === 'true' ? ['github-actions'] : []),
    ],
    outputFile: { json: 'coverage/tests.json' },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...NEVER, ...WITH_BROKER],
          pool: 'forks',
          // A worker keeps the modules that it has loaded, which is a third of the work. So no test may use `vi.mock`:
          // `vi.doMock` between two `vi.resetModules` does the same for one file.
          isolate: false,
          // What is built is loaded as it is.
          server: { deps: { external: [BUILT] } },
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Tests of commands start processes, several each, at a low priority; a busy machine must not make them fail.
          testTimeout: 120_000,
          hookTimeout: 120_000,
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
          // As above: to load the modules for each file took 20 s of a processor.
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // After the others. They share a broker, and wait more than they work.
          sequence: { groupOrder: 1 },
          maxWorkers: Math.max(4, availableParallelism()),
        },
      },
    ],
  },
})
