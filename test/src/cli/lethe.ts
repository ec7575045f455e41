/** Runs the built command as a process, in a folder of its own. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

/** Runs `lethe` with `args`; the environment says nothing about colours unless `env` does. */
export function lethe(args: readonly string[], setting: Setting = {}): Promise<Ended> {
  const env: Record<string, string | undefined> = { ...process.env, ...setting.env }
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'LETHE_KEYS_FILE']) {
    if (setting.env?.[name] === undefined) delete env[name]
  }
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
