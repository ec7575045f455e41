/** Commands of the proof: processes of their own, which can be killed; or one process that runs them one after another. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Lethe, Ran } from './files-world.ts'

export const SCRIPT: string = fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url))

/** How many processes were started, and how many of them were killed. */
export const started = { count: 0, killed: 0 }

export const lethe: Lethe = (args, { cwd, killAfter }) =>
  new Promise((resolve, reject) => {
    started.count++
    const child = spawn(process.execPath, [SCRIPT, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8')
      child[name].on('data', (text: string) => {
        texts[name] += text
      })
    }
    const killing = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(killing)
      if (signal === 'SIGKILL') started.killed++
      resolve({ code, ...texts })
    })
  })

/** A process that stays, for what is not killed: many more schedules in the same time. */
export class WarmCommands {
  readonly #host: ChildProcess = fork(fileURLToPath(new URL('../src/cli/host.mjs', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    execArgv: [],
  })
  readonly #ready: Promise<unknown> = once(this.#host, 'message')

  readonly lethe: Lethe = async (args, setting) => {
    if (setting.killAfter !== undefined) return await lethe(args, setting)
    await this.#ready
    const answer = once(this.#host, 'message')
    this.#host.send({ args, cwd: setting.cwd, input: '', env: process.env })
    return (await answer)[0] as Ran
  }

  end(): void {
    this.#host.kill()
  }
}
