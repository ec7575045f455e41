/** `lethe stream` as a process, and what it says. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** LETHE_DIST names another build's dist folder. */
const DIST = process.env['LETHE_DIST'] ?? fileURLToPath(new URL('../../../dist', import.meta.url))
const JOINED = join(DIST, 'bin/lethe.js')
/** As it is shipped; builds up to 0.1.0 were not joined into few files. */
const SCRIPT = existsSync(JOINED) ? JOINED : join(DIST, 'src/cli/main.js')
const KEPT_CHARACTERS = 200_000

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export class Worker {
  readonly instance: string
  readonly exited: Promise<Exit>
  exit: Exit | undefined
  /** Its end is somebody's intent. */
  isExpected = false
  readonly #child: ChildProcess
  #said = ''

  /** `args` go behind `lethe stream`. */
  constructor(instance: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.instance = instance
    this.#child = spawn(process.execPath, [SCRIPT, 'stream', ...args], {
      env: { ...process.env, LETHE_LOG: 'json', LETHE_LOG_LEVEL: 'info', CHAOS_INSTANCE: instance, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const hear = (chunk: Buffer): void => {
      this.#said = (this.#said + chunk.toString()).slice(-KEPT_CHARACTERS)
    }
    this.#child.stdout!.on('data', hear)
    this.#child.stderr!.on('data', hear)
    this.exited = once(this.#child, 'close').then(([code, signal]) => {
      this.exit = { code: code as number | null, signal: signal as NodeJS.Signals | null }
      return this.exit
    })
  }

  get said(): string {
    return this.#said
  }

  get isRunning(): boolean {
    return this.exit === undefined
  }

  get pid(): number {
    return this.#child.pid!
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async says(pattern: RegExp, milliseconds: number): Promise<boolean> {
    const giveUp = performance.now() + milliseconds
    while (!pattern.test(this.#said)) {
      if (!this.isRunning || performance.now() > giveUp) return pattern.test(this.#said)
      await sleep(50)
    }
    return true
  }

  /** How it ended, or undefined if it still runs after so long. */
  async within(milliseconds: number): Promise<Exit | undefined> {
    return await Promise.race([this.exited, sleep(milliseconds, undefined, { ref: false })])
  }

  async end(): Promise<void> {
    this.isExpected = true
    if (!this.isRunning) return
    this.kill('SIGKILL')
    await this.exited
  }
}
