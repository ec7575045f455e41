/**
 * The dead letters of a topic, as it is read from its start: which of them wait to be replayed, and of which records. Numbers
 * in flat arrays, as there may be millions: at most 32 bytes a dead letter while they are read (`plan` adds 41 for each that
 * waits, and keeps 25 of them).
 */
import type { Position, TopicPartition } from '../record.ts'
import { partitionKey } from '../record.ts'
import { ReplayPlan } from './replay-plan.ts'

const FIRST_ROOM = 1024

/** What became of a dead letter. */
const WAITS = 0
const REPLAYED = 1
/** It waits, and was not asked for. */
const LEFT_OUT = 2

/** The dead letters of one partition of the topic, by their offsets. */
class PartitionLetters {
  length = 0
  letters = new Float64Array(FIRST_ROOM)
  offsets = new Float64Array(FIRST_ROOM)
  places = new Int32Array(FIRST_ROOM)
  states = new Uint8Array(FIRST_ROOM)

  add(letter: number, place: number, offset: number, state: number): void {
    const at = this.length++
    if (at === this.letters.length) this.#grow()
    this.letters[at] = letter
    this.offsets[at] = offset
    this.places[at] = place
    this.states[at] = state
  }

  /** The place of the dead letter at this offset; -1 where there is none. */
  find(letter: number): number {
    let from = 0
    let to = this.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.letters[middle]! < letter) from = middle + 1
      else to = middle
    }
    return from < this.length && this.letters[from] === letter ? from : -1
  }

  #grow(): void {
    const room = Math.ceil(this.length * 1.5)
    const grown = <T extends Float64Array | Int32Array | Uint8Array>(larger: T, array: T): T => {
      larger.set(array)
      return larger
    }
    this.letters = grown(new Float64Array(room), this.letters)
    this.offsets = grown(new Float64Array(room), this.offsets)
    this.places = grown(new Int32Array(room), this.places)
    this.states = grown(new Uint8Array(room), this.states)
  }
}

export class LetterLog {
  readonly #partitions = new Map<number, PartitionLetters>()
  readonly #places: TopicPartition[] = []
  readonly #placeOf = new Map<string, number>()

  /**
   * A dead letter, in the order of its partition: where it stands, and of which record it is. `isAsked`: whether it is among
   * those to be replayed.
   */
  add(partition: number, letter: number, source: Position, isAsked: boolean): void {
    let letters = this.#partitions.get(partition)
    if (letters === undefined) {
      letters = new PartitionLetters()
      this.#partitions.set(partition, letters)
    }
    letters.add(letter, this.#place(source), source.offset, isAsked ? WAITS : LEFT_OUT)
  }

  /** A marker: the dead letter that stands there was replayed. Nothing where that one was deleted since. */
  replayed(partition: number, letter: number): void {
    const letters = this.#partitions.get(partition)
    const at = letters?.find(letter) ?? -1
    if (at >= 0) letters!.states[at] = REPLAYED
  }

  #place({ topic, partition }: TopicPartition): number {
    const key = partitionKey({ topic, partition })
    let place = this.#placeOf.get(key)
    if (place === undefined) {
      place = this.#places.length
      this.#places.push({ topic, partition })
      this.#placeOf.set(key, place)
    }
    return place
  }

  /**
   * The records to be read again. One of which any dead letter was asked for is replayed, with all of its dead letters that
   * wait: those left out would replay it a second time.
   */
  plan(): ReplayPlan {
    let waiting = 0
    let replayed = 0
    for (const { length, states } of this.#partitions.values())
      for (let at = 0; at < length; at++)
        if (states[at] === REPLAYED) replayed++
        else waiting++
    const all = {
      place: new Int32Array(waiting),
      offset: new Float64Array(waiting),
      partition: new Int32Array(waiting),
      letter: new Float64Array(waiting),
      asked: new Uint8Array(waiting),
    }
    let to = 0
    for (const [partition, { length, letters, offsets, places, states }] of this.#partitions)
      for (let at = 0; at < length; at++) {
        if (states[at] === REPLAYED) continue
        all.place[to] = places[at]!
        all.offset[to] = offsets[at]!
        all.partition[to] = partition
        all.letter[to] = letters[at]!
        all.asked[to] = states[at] === WAITS ? 1 : 0
        to++
      }
    const order = Uint32Array.from(all.place.keys()).sort(
      (a, b) => all.place[a]! - all.place[b]! || all.offset[a]! - all.offset[b]!,
    )
    return new ReplayPlan(this.#places, all, order, replayed)
  }
}
