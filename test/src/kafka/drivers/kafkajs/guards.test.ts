/** When a partition stands still: not where the others only take their time. */
import { expect, it } from 'vitest'
import { StallWatch } from '../../../../../src/kafka/drivers/kafkajs/guards.ts'

const watchAt = () => {
  const clock = { now: 0 }
  return { clock, watch: new StallWatch(60, () => clock.now) }
}

it('finds a partition from which nothing comes while there is nothing else to do', () => {
  const { clock, watch } = watchAt()
  expect(watch.find(['a'], true)).toBeUndefined()
  clock.now = 59
  expect(watch.find(['a'], true)).toBeUndefined()
  clock.now = 60
  expect(watch.find(['a'], true)).toBe('a')
})

it('gives a partition its time again with each batch, at its end, and after a reset', () => {
  const { clock, watch } = watchAt()
  watch.find(['a'], true)
  clock.now = 40
  watch.progress('a')
  clock.now = 90
  expect(watch.find(['a'], true)).toBeUndefined()
  expect(watch.find([], true)).toBeUndefined()
  clock.now = 140
  expect(watch.find(['a'], true)).toBeUndefined()
  clock.now = 190
  watch.reset()
  expect(watch.find(['a'], true)).toBeUndefined()
})

it('takes one for stalled in a busy route only once the others had many turns', () => {
  const { clock, watch } = watchAt()
  const behind = ['a', 'b', 'c']
  watch.find(behind, false)
  for (let turn = 0; turn < 60; turn++) {
    clock.now += 100
    watch.progress(turn % 2 === 0 ? 'b' : 'c')
    expect(watch.find(behind, false)).toBeUndefined()
  }
  clock.now += 10
  watch.progress('b')
  watch.progress('c')
  expect(watch.find(behind, false)).toBe('a')
})
