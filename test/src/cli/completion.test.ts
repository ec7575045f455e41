import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { folder, warm } from './lethe.ts'

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0

/** What bash itself would offer for a line that ends here. */
async function complete(line: string, files: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const cwd = folder({ ...files, 'lethe.bash': (await warm(['completion', 'bash'])).stdout })
  const script = `source ./lethe.bash
line="$1"
COMP_LINE="$line"; COMP_POINT=\${#line}
read -r -a COMP_WORDS <<< "$line"
[[ "$line" == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
[[ "$(complete -p lethe)" == *'-F _lethe'* ]] || exit 9
_lethe
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script, 'bash', line], {
    cwd,
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout.split('\n').filter((word) => word !== '')
}

describe('lethe completion', () => {
  it('completes commands, their options, values and files in bash', async () => {
    expect(new Set(await complete('lethe '))).toEqual(new Set([...commands.map(({ name }) => name)]))
    expect(await complete('lethe tra')).toEqual(['transforms'])
    expect(await complete('lethe keys pro')).toEqual(['promote'])
    expect(await complete('lethe lint --for')).toEqual(['--format'])
    expect(await complete('lethe lint --format g')).toEqual(['github'])
    expect(await complete('lethe completion f')).toEqual(['fish'])
    expect(await complete('lethe lint pol', { 'policy.yaml': '' })).toEqual(['policy.yaml'])
    expect(await complete('lethe explain -p pol', { 'policy.yaml': '' })).toEqual(['policy.yaml'])
    expect(await complete('lethe keys create --he')).toEqual(['--help'])
  })

  it('knows every command in every shell, and refuses another shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { code, stdout } = await warm(['completion', shell])
      expect(code).toBe(0)
      for (const { name } of commands) expect(stdout).toContain(name)
      if (has(shell)) expect(spawnSync(shell, ['-n'], { input: stdout }).status).toBe(0)
    }
    expect((await warm(['completion', 'tcsh'])).code).toBe(2)
  })
})
