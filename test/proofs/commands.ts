/** Commands of a proof. Each has a process group of its own, which is ended by its id when the proof is interrupted. */
import { spawn } from 'node:child_process'
import { eachLine } from '../lines.mjs'

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Each line of either output. */
  readonly onLine?: (line: string) => void
}

export interface CommandEnded {
  /** null: a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const GRACE_MS = 10_000
const TOLD = 4000

export class Commands {
  readonly #running = new Set<number>()
  #interrupted = false

  /** Ends what runs, and lets nothing more start: the proof then fails, and tidies up. */
  watch(): this {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => this.interrupt())
    return this
  }

  get interrupted(): boolean {
    return this.#interrupted
  }

  interrupt(): void {
    this.#interrupted = true
    for (const pid of this.#running) kill(pid, 'SIGTERM')
    setTimeout(() => {
      for (const pid of this.#running) kill(pid, 'SIGKILL')
    }, GRACE_MS).unref()
  }

  /** Runs a command to its end. @throws Error where it cannot be started, or the proof was interrupted */
  async run(
    command: string,
    args: readonly string[],
    { cwd, env, onLine }: CommandOptions = {},
  ): Promise<CommandEnded> {
    if (this.#interrupted) throw new Error('interrupted')
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const { pid } = child
    if (pid !== undefined) this.#running.add(pid)
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8')
      child[name].on('data', (text: string) => {
        texts[name] += text
      })
      if (onLine !== undefined) eachLine(child[name], onLine)
    }
    try {
      const status = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', resolve)
      })
      if (this.#interrupted) throw new Error('interrupted')
      return { status, ...texts }
    } finally {
      if (pid !== undefined) this.#running.delete(pid)
    }
  }

  /** Its standard output. @throws Error with the end of what it said where it does not end with 0 */
  async must(command: string, args: readonly string[], options?: CommandOptions): Promise<string> {
    const { status, stdout, stderr } = await this.run(command, args, options)
    if (status === 0) return stdout
    throw new Error(
      `${[command, ...args].join(' ')} ended with ${status}:\n${`${stdout}${stderr}`.trim().slice(-TOLD)}`,
    )
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended.
  }
}
