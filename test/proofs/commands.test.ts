/** Commands of a proof: what they give, and that none is left running. */
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Commands } from './commands.ts'

describe('commands', () => {
  it('give their outputs, and lines as they come', async () => {
    const lines: string[] = []
    const script = 'console.log("a\\nb"); console.error("c"); process.stdout.write("d"); process.exitCode = 3'
    const ended = await new Commands().run(process.execPath, ['-e', script], {
      onLine: (line) => lines.push(line),
    })
    expect(ended).toEqual({ status: 3, stdout: 'a\nb\nd', stderr: 'c\n' })
    expect(lines.sort()).toEqual(['a', 'b', 'c', 'd'])
    await expect(new Commands().must('false', [])).rejects.toThrow('false ended with 1')
    await expect(new Commands().run('no-such-command', [])).rejects.toThrow('ENOENT')
  })

  it('end with the children that they have when the proof is interrupted, and no more are started', async () => {
    const commands = new Commands()
    let pid = 0
    const running = commands.run('sh', ['-c', 'sleep 60 & echo $!; wait'], {
      onLine: (line) => {
        pid = Number(line)
      },
    })
    running.catch(() => {})
    while (pid === 0) await sleep(10)
    commands.interrupt()
    await expect(running).rejects.toThrow('interrupted')
    await expect.poll(() => isAlive(pid), { timeout: 30_000 }).toBe(false)
    await expect(commands.run('true', [])).rejects.toThrow('interrupted')
  })
})

function isAlive(pid: number): boolean {
  try {
    // A process that has ended stays, as Z, until its parent asks for it.
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z')
  } catch {
    return false
  }
}
