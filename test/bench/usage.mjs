/** Preloaded into every measured process: writes what it used of the machine where LETHE_BENCH_USAGE says. */
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

// Worker threads load this too; they share the process, and with it the figures.
if (isMainThread && process.env.LETHE_BENCH_USAGE !== undefined) {
  process.on('exit', () => {
    writeFileSync(process.env.LETHE_BENCH_USAGE, JSON.stringify(process.resourceUsage()))
  })
}
