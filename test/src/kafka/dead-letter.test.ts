import { expect, it } from 'vitest'
import { isMarker, markerOf, readLetterRecord, topicLetter } from '../../../src/kafka/dead-letter.ts'
import type { OutputHeader } from '../../../src/kafka/record.ts'

const textOf = (letter: typeof LETTER): string => JSON.stringify(topicLetter(letter))
const LETTER = {
  topic: 'in',
  partition: 3,
  offset: 2 ** 40,
  code: 'json-syntax',
  rule: undefined,
  policy: 'p@1#f',
  owner: { pipeline: 'p', route: 'r' },
}

const recordOf = (value: string | null, ...headers: OutputHeader[]) => ({
  value: value === null ? null : Buffer.from(value),
  headers: headers.flatMap((header) =>
    Object.entries(header).map(([name, text]) => ({ name, value: Buffer.from(text) })),
  ),
})
const OURS = { 'lethe-policy': 'p@1#f' }

it('reads what is written, and dead letters of 0.1.0, which name no route', () => {
  const text = textOf(LETTER)
  expect(readLetterRecord(recordOf(text, OURS))).toEqual({ kind: 'letter', letter: LETTER })
  const { pipeline, route, ...old } = JSON.parse(text)
  expect([pipeline, route]).toEqual(['p', 'r'])
  expect(readLetterRecord(recordOf(JSON.stringify(old), OURS))).toEqual({
    kind: 'letter',
    letter: { ...LETTER, owner: undefined },
  })
})

it('reads markers by their header, and holds no other header or value than coordinates', () => {
  const marker = markerOf(
    'dead',
    { letter: { partition: 2, offset: 77 }, source: LETTER, became: 'publish' },
    'p@2#g',
  )
  const record = recordOf(String(marker.value), ...marker.headers)
  expect(readLetterRecord(record)).toEqual({ kind: 'marker', letter: 77 })
  expect([isMarker(record), isMarker(recordOf('{}', OURS))]).toEqual([true, false])
  expect(marker).toMatchObject({ topic: 'dead', partition: 2, key: null })
  expect(JSON.parse(String(marker.value))).toEqual({
    v: 1,
    replayed: 77,
    topic: 'in',
    partition: 3,
    offset: 2 ** 40,
    became: 'publish',
    policy: 'p@2#g',
  })
})

it.each([
  ['no JSON', 'x'],
  ['null', 'null'],
  ['another version', textOf(LETTER).replace('"v":1', '"v":2')],
  ['no offset', textOf(LETTER).replace('"offset"', '"of"')],
  ['half an owner', textOf(LETTER).replace('"route"', '"rout"')],
  ['nothing', null],
])('takes %s for no dead letter', (_, text) => {
  expect(readLetterRecord(recordOf(text, OURS))).toEqual({ kind: 'foreign' })
})

it('takes nothing that lacks the header of Lethe, and no marker that it cannot read', () => {
  expect(readLetterRecord(recordOf(textOf(LETTER)))).toEqual({ kind: 'foreign' })
  for (const text of ['', '-1', 'x', '1e3', '99999999999999999'])
    expect(readLetterRecord(recordOf('{}', OURS, { 'lethe-replayed': text }))).toEqual({
      kind: 'unreadable-marker',
    })
})
