/** The lock between processes: never two at once, and never kept by one that is gone. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { takeLock } from '../../../src/files/lock-file.ts'
import { folder, root } from '../cli/lethe.ts'

const SOON = { waitMs: 50 }

/** The number of a process that has ended. */
async function gone(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid!
}

describe('a lock', () => {
  it('is taken over from a process that is gone, whatever it was at, and from no other', async () => {
    const file = join(folder({}), 'a')
    const lock = `${file}.lock`
    const held = async () => {
      const release = await takeLock(file, SOON).catch(() => undefined)
      release?.()
      return release === undefined
    }
    const pid = await gone()
    const of = (number: number, nonce: string, start = '') => `${number} ${hostname()} ${nonce}${start}\n`
    const [first, second] = ['0123456789abcdef', 'fedcba9876543210']
    writeFileSync(lock, of(pid, first))
    expect(await held()).toBe(false)
    // It was killed while it took over the lock of another one.
    writeFileSync(lock, of(pid, first))
    writeFileSync(`${lock}.${first}`, of(pid, second))
    expect(await held()).toBe(false)
    expect(existsSync(`${lock}.${first}`)).toBe(false)
    // Its number was given to a later process: this one.
    writeFileSync(lock, of(process.pid, first, ' 1'))
    expect(await held()).toBe(false)
    for (const text of [of(process.pid, first), 'another host 0123456789abcdef\n', '']) {
      writeFileSync(lock, text)
      expect(await held(), text).toBe(true)
      rmSync(lock)
    }
    const release = await takeLock(file, SOON)
    expect(await held()).toBe(true)
    release()
    expect(readdirSync(join(file, '..'))).toEqual([])
  })

  it('is of one process at a time, and comes free however often its processes are killed', async () => {
    const at = folder({})
    const script = `
      import { existsSync, readFileSync, rmSync, writeFileSync, appendFileSync } from 'node:fs'
      const { takeLock } = await import(${JSON.stringify(join(root, 'dist/src/files/lock-file.js'))})
      process.stdout.write('ready')
      for (;;) {
        const release = await takeLock(${JSON.stringify(join(at, 'a'))}, { waitMs: 5000 })
        const inside = ${JSON.stringify(join(at, 'inside'))}
        const other = existsSync(inside) ? Number(readFileSync(inside, 'utf8')) : 0
        if (other > 0 && other !== process.pid)
          try {
            process.kill(other, 0)
            appendFileSync(${JSON.stringify(join(at, 'both'))}, 'x')
          } catch {}
        writeFileSync(inside, String(process.pid))
        rmSync(inside)
        release()
      }`
    const start = async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script])
      await once(child.stdout, 'data')
      return child
    }
    const end = async (child: Awaited<ReturnType<typeof start>>) => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    for (let round = 0; round < 8; round++) {
      const children = await Promise.all([start(), start()])
      await wait(Math.random() * 20)
      await Promise.all(children.map(end))
      const release = await takeLock(join(at, 'a'), SOON)
      release()
    }
    expect(existsSync(join(at, 'both')) ? readFileSync(join(at, 'both'), 'utf8') : '').toBe('')
  })
})
