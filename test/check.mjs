/** `npm run check`: everything that must hold before a change is shared. Runs all of it, then says what failed. */
import { spawnSync } from 'node:child_process'

const steps = [
  ['format and lint', 'npx', ['biome', 'ci', '--error-on-warnings', '.']],
  ['types', 'npx', ['tsc', '--noEmit', '-p', 'tsconfig.json']],
  ['build', 'npm', ['run', '--silent', 'build']],
  ['generated files', 'npm', ['run', '--silent', 'docs:check']],
  ['tests', 'npx', ['vitest', 'run', ...process.argv.slice(2)]],
]

const failed = []
for (const [name, command, args] of steps) {
  process.stdout.write(`\n— ${name}\n`)
  const { status } = spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) failed.push(name)
}
process.stdout.write(failed.length === 0 ? '\nall is well\n' : `\nfailed: ${failed.join(', ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
