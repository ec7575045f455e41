/** `npm run proof:stream`: what a stream must survive and takes minutes, one test after the other. */
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/integration/**/*.proof.ts'],
    globalSetup: ['test/broker/setup.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
})

export default config
