import fc from 'fast-check'
import { expect, it } from 'vitest'
import { attempt, Defect, placeOf } from '../../../src/engine/defect.ts'

const HERE = /defect\.test\.ts:\d+:\d+$/

it('says where an error arose, and nothing of what it says', () => {
  // A message may look like a place, span lines, be changed afterwards or be no text at all.
  const piece = fc.constantFrom('\n', '    at /anna:1:1', '    at f (/anna:2:2)', 'anna', ' ', '/', '$&')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, isChanged) => {
      const error = new RangeError(`anna${pieces.join('')}`)
      if (isChanged) error.message = 'something else'
      const made = attempt(() => {
        throw error
      })
      const { defect } = made as { defect: ReturnType<typeof placeOf> }
      expect(defect.kind).toBe('RangeError')
      expect(JSON.stringify(defect)).not.toContain('anna')
      if (!isChanged) expect(defect.places[0]).toMatch(HERE)
      const told = new Defect(defect)
      expect(`${told.name} ${told.message} ${told.stack}`).not.toContain('anna')
    }),
  )
})

it('says nothing of a thrown value that is not an error', () => {
  expect(placeOf('anna')).toEqual({ kind: 'something that is not an error', places: [] })
})

it('says no place where the message was taken away after the stack was made', () => {
  const error = new Error('x\n    at /anna:1:1')
  expect(error.stack).toContain('anna')
  error.message = ''
  expect(placeOf(error).places).toEqual([])
})
