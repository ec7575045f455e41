import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { lethe, root, script, warm } from './lethe.ts'

/** Every module that loads before the first line of `file` runs, as paths or bare names. */
function staticImports(file: string, seen: Set<string> = new Set<string>()): Set<string> {
  for (const [, name] of readFileSync(file, 'utf8').matchAll(
    /^(?:import|export)\s[^;]*?from ['"]([^'"]+)['"]/gm,
  )) {
    const target = name!.startsWith('.') ? resolve(dirname(file), name!) : name!
    if (seen.has(target)) continue
    seen.add(target)
    if (target.startsWith('/')) staticImports(target, seen)
  }
  return seen
}

describe('lethe', () => {
  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    for (const flag of ['--version', '-V']) {
      const { code, stdout, stderr } = await lethe([flag])
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
    }
  })

  it('loads no library before it knows what is asked for', () => {
    const loaded = [...staticImports(script)]
    expect(loaded.length).toBeGreaterThan(3)
    expect(loaded.filter((name) => !name.startsWith('/') && !name.startsWith('node:'))).toEqual([])
  })

  it('prints help on stdout, and on stderr with exit code 2 where nothing was asked', async () => {
    const asked = await warm(['--help'])
    expect(asked.code).toBe(0)
    expect(asked.stdout).toContain('transforms')
    expect(asked.stdout).toContain('Examples:')
    const unasked = await warm([])
    expect({ code: unasked.code, stdout: unasked.stdout }).toEqual({ code: 2, stdout: '' })
    expect(unasked.stderr).toContain('Usage: lethe')
  })

  it('answers an unknown command and an unknown option with exit code 2 and the way out', async () => {
    const command = await warm(['transfroms'])
    expect(command.code).toBe(2)
    expect(command.stderr).toContain("unknown command 'transfroms'\n  -> did you mean transforms?\n")
    const option = await warm(['transforms', '--fromat', 'json'])
    expect(option.code).toBe(2)
    expect(option.stderr).toContain('--format')
    expect(option.stderr).toContain('lethe transforms --help')
  })

  it('colours what it writes only where that is wanted', async () => {
    expect((await warm(['bogus'])).stderr).not.toContain('\u001b')
    expect((await warm(['bogus'], { env: { FORCE_COLOR: '1' } })).stderr).toContain('\u001b[31m')
    expect((await warm(['bogus'], { env: { NO_COLOR: '1' } })).stderr).not.toContain('\u001b')
  })

  it('ends with 130 when it is interrupted', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const child = spawn(process.execPath, [script, 'init', '--from', '-', '--rows', '1000000'])
      let stderr = ''
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString()
      })
      // It reads by then: more than a pipe holds is gone. A signal before that would end it by the signal itself.
      await new Promise((resolve) => child.stdin.write('{"a":1}\n'.repeat(200_000), resolve))
      child.kill(signal)
      const code = await new Promise((resolve) => child.on('close', resolve))
      expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
    }
  })

  it('is quiet where the reader of its output has seen enough', async () => {
    const child = spawn(process.execPath, [script, 'transforms', '--format', 'json'])
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    child.stdout.destroy()
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' })
  })

  it('has help with examples for every command', async () => {
    for (const { name } of commands) {
      const { code, stdout } = await warm(['help', name])
      expect({ name, code }).toEqual({ name, code: 0 })
      expect(stdout).toContain('Examples:')
      expect(stdout).toContain(`lethe ${name}`)
    }
  })
})
