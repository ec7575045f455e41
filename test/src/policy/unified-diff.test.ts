/** Edits as a patch: what `git apply` makes of it is what the edits make of the text. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { applyEdits } from '../../../src/policy/edit-policy.ts'
import { type TextEdit, unifiedDiff } from '../../../src/policy/unified-diff.ts'

const piece = fc.constantFrom('a', 'b: c', '\n', '\n\n', '\r\n', '  x', '# d')
const text = fc.array(piece, { minLength: 1, maxLength: 60 }).map((parts) => parts.join(''))
const edited = text.chain((whole) =>
  fc
    .uniqueArray(fc.nat(whole.length), { maxLength: 8 })
    .chain((ends) =>
      fc.tuple(fc.constant(ends.sort((a, b) => a - b)), fc.array(piece, { minLength: 4, maxLength: 4 })),
    )
    .map(([ends, pieces]) => {
      const edits: TextEdit[] = []
      for (let i = 0; i + 1 < ends.length; i += 2)
        edits.push({ start: ends[i]!, end: i % 4 === 0 ? ends[i + 1]! : ends[i]!, text: pieces[i % 4]! })
      return { whole, edits }
    }),
)

it('is taken by git apply, whatever is edited where', () => {
  const samples = fc.sample(edited, 150)
  const cwd = mkdtempSync(join(tmpdir(), 'lethe-diff-'))
  try {
    samples.forEach(({ whole }, i) => {
      writeFileSync(join(cwd, `${i}.yaml`), whole)
    })
    const patch = samples.map(({ whole, edits }, i) => unifiedDiff(`${i}.yaml`, whole, edits)).join('')
    const options = { cwd, input: patch, env: { ...process.env, GIT_DIR: join(cwd, 'none') } }
    execFileSync('git', ['apply', '--whitespace=nowarn', '-'], {
      ...options,
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    samples.forEach(({ whole, edits }, i) => {
      const after = applyEdits(whole, edits)
      // Of a text of which nothing is left, git leaves no file.
      if (after !== '') expect(readFileSync(join(cwd, `${i}.yaml`), 'utf8')).toBe(after)
    })
  } finally {
    rmSync(cwd, { recursive: true })
  }
})
