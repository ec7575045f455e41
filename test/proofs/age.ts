/**
 * `npm run proof:age`: the tool age opens what Lethe seals, and Lethe takes the keys that it makes. The tool is looked for in the
 * path (Debian and others have it as the package `age`). Ends with 1 where one of both does not hold, or there is no tool.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../dist/bin/lethe.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lethe-age-'))
const at = (name: string): string => join(folder, name)
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

let failed = false
const check = (what: string, holds: boolean): void => {
  process.stdout.write(`${holds ? 'holds' : 'FAILS'}: ${what}\n`)
  failed ||= !holds
}

try {
  process.stdout.write(`age ${run('age', '--version')}`)
  writeFileSync(at('operator.key'), run('age-keygen'), { mode: 0o600 })
  writeFileSync(at('recipients.txt'), `# ours\n${run('age-keygen', '-y', 'operator.key')}`)
  writeFileSync(
    at('policy.yaml'),
    'policy: p\nversion: 1\npurpose: train_ai_system\nfields: { at: { use: generalize.date, to: year } }\n',
  )
  const records = ['{"at":"never"}', `{"at":"${'x'.repeat(200_000)}"}`, '{"at":"é']
  writeFileSync(at('in.ndjson'), `${records.join('\n')}\n`)
  const batch = ['batch', 'in.ndjson', '-p', 'policy.yaml', '-o', 'out', '--max-dead-letters', '100%', '-q']
  try {
    run(process.execPath, script, ...batch, '--dead-letter', 'dead.ndjson', '--seal', 'recipients.txt')
  } catch (error) {
    if ((error as { status?: number }).status !== 3) throw error
  }
  const letters = readFileSync(at('dead.ndjson'), 'utf8').trimEnd().split('\n')
  for (const [index, line] of letters.entries()) {
    writeFileSync(at('one.age'), Buffer.from(JSON.parse(line).sealed, 'base64'))
    const text = run('age', '-d', '-i', 'operator.key', 'one.age')
    check(`age opens original ${index + 1}`, text.slice(text.indexOf('\n') + 1) === records[index])
  }
  const opened = run(
    ...([process.execPath, script, 'dead-letters', 'open', 'dead.ndjson', '--identity'] as const),
    ...(['operator.key', '--reason', 'a proof of the format', '--unrecorded'] as const),
  )
  const found = opened.trimEnd().split('\n')
  const isSame = found.every((line, index) => JSON.parse(line).original.record === records[index])
  check('Lethe opens all with an identity of age-keygen', found.length === records.length && isSame)
} finally {
  rmSync(folder, { recursive: true })
}
process.exitCode = failed ? 1 : 0
