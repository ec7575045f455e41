/** Preloaded into every measured process: writes its peak resident memory (KiB) where LETHE_BENCH_PEAK says. */
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

// Worker threads load this too; they share the process, and with it the peak.
if (isMainThread && process.env.LETHE_BENCH_PEAK !== undefined) {
  process.on('exit', () => {
    writeFileSync(process.env.LETHE_BENCH_PEAK, String(process.resourceUsage().maxRSS))
  })
}
