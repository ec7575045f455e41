/** Runs the built command, in a folder of its own: as a process, or in one that runs many command lines. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export const root: string = fileURLToPath(new URL('../../..', import.meta.url))
export const script: string = join(root, 'dist/bin/lethe.js')

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface Setting {
  readonly cwd?: string
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Kills it with SIGKILL after so many milliseconds, if it has not ended. */
  readonly killAfter?: number
}

/** The environment of a command: it says nothing about colours unless `setting` does. */
function environment(setting: Setting): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = { ...process.env, ...setting.env }
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'LETHE_KEYS_FILE']) {
    if (setting.env?.[name] === undefined) delete env[name]
  }
  return env
}

/**
 * Runs `lethe` with `args` as a process of its own, which takes 0.3 s of a processor. For what only a process can show:
 * signals, streams, threads and clients that are left behind, modules that are loaded once. All else is for `warm`.
 */
export function lethe(args: readonly string[], setting: Setting = {}): Promise<Ended> {
  const env = environment(setting)
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: setting.cwd, env })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    const killing =
      setting.killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), setting.killAfter)
    child.on('close', (code, signal) => {
      clearTimeout(killing)
      resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() })
    })
    child.stdin.on('error', () => {})
    child.stdin.end(setting.input ?? '')
  })
}

/** The process of `host.mjs`, once it can be asked. */
let host: Promise<ChildProcess> | undefined
/** The last command line that it was asked for: it runs one at a time. */
let last: Promise<unknown> = Promise.resolve()
/** What came out of it beside the streams of a command, such as warnings of Node. */
let strays = ''
/** A command that takes longer than so many milliseconds waits for what never comes. */
const LONGEST = 90_000

function startHost(): Promise<ChildProcess> {
  const child = fork(join(root, 'test/src/cli/host.mjs'), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    execArgv: [],
  })
  // It ends with this process, which does not wait for it.
  child.unref()
  child.channel?.unref()
  for (const stream of [child.stdout, child.stderr] as Socket[]) {
    stream.unref()
    stream.on('data', (bytes: Buffer) => {
      strays += bytes.toString()
    })
  }
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child))
    child.once('error', reject)
    child.once('exit', (code) => {
      host = undefined
      reject(new Error(`the process that runs commands ended with ${code}`))
    })
  })
}

async function ask(args: readonly string[], setting: Omit<Setting, 'killAfter'>): Promise<Ended> {
  host ??= startHost()
  const child = await host
  const env = environment(setting)
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      child.off('exit', ended)
      act()
    }
    const ended = (): void => settle(() => reject(new Error(`lethe ${args.join(' ')} ended its process`)))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      settle(() => reject(new Error(`lethe ${args.join(' ')} has not ended after ${LONGEST} ms`)))
    }, LONGEST)
    child.once('exit', ended)
    child.once('message', (done: Omit<Ended, 'signal'>) =>
      settle(() => {
        if (strays === '') resolve({ ...done, signal: null })
        else reject(new Error(`a command wrote beside its streams:\n${strays}`))
      }),
    )
    child.send({ args, cwd: setting.cwd, input: setting.input ?? '', env })
  })
}

/**
 * Runs `lethe` with `args` as `lethe` does: the same command line, exit code and output, but in a process that stays and
 * runs one after another.
 */
export function warm(args: readonly string[], setting: Omit<Setting, 'killAfter'> = {}): Promise<Ended> {
  const done = last.then(() => ask(args, setting))
  last = done.catch(() => {})
  return done
}

/** A folder with these files in it, removed when the test ends. */
export function folder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'lethe-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  return path
}
