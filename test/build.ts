/** Builds `dist/` before the tests where it is older than the sources: commands are tested as they are shipped. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const lock = `${dist}/.building`

/** Two test runs at once must not write `dist/` at once: the folder `.building` is the lock. */
async function locked(work: () => void): Promise<void> {
  mkdirSync(dist, { recursive: true })
  const giveUp = Date.now() + 60_000
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch {
      if (Date.now() > giveUp) break
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  try {
    work()
  } finally {
    if (existsSync(lock)) rmdirSync(lock)
  }
}

export async function setup(): Promise<void> {
  await locked(() => {
    const script = fileURLToPath(new URL('built.mjs', import.meta.url))
    const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' })
    if (status !== 0) throw new Error('the build failed')
  })
}
