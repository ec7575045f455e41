/** The fuzz run in brief; `npm run proof:fuzz` is the long one. */
import { expect, it } from 'vitest'
import { script } from '../src/cli/lethe.ts'
import { fuzzForms } from './forms.ts'
import { fuzz } from './fuzz.ts'

it('makes of arbitrary records what the reference makes of them, however they are cut and by whomever', {
  timeout: 120_000,
}, async () => {
  const seed = Math.floor(Math.random() * 1e9)
  process.stdout.write(`fuzz: seed ${seed}\n`)
  const found = await fuzz({
    seed,
    milliseconds: 1_200,
    atLeast: { commands: 2, published: 101 },
    script,
    say: (line) => void process.stderr.write(`${line}\n`),
  })
  expect(found.findings).toEqual([])
  // Otherwise the run says nothing.
  expect(found.commands).toBeGreaterThan(1)
  expect(found.published).toBeGreaterThan(100)
})

it('reads files in any form that is stated, and lets out what patterns name', {
  timeout: 120_000,
}, async () => {
  const { findings, ...counts } = await fuzzForms(Math.floor(Math.random() * 1e9), 400)
  expect(findings).toEqual([])
  expect(counts.records).toBeGreaterThan(10)
})
