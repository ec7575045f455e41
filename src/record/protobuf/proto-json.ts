/** Whole messages of Protobuf as JSON: keys, for which no shape is known. */
import type { RecordCode } from '../../errors.ts'
import { ProtoReader } from './proto-reader.ts'
import type { ProtoType } from './proto-type.ts'

export class ProtoJson {
  readonly #mostBytes: number
  readonly #reader = new ProtoReader(
    (values, room) => {
      const larger = new Uint8Array(Math.max(2 * values.out.length, values.at + room))
      larger.set(values.out.subarray(0, values.at))
      values.out = larger
    },
    () => {},
  )

  /** `mostBytes`: of one text. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** The message in the bytes from `start` on, as a text of its own; or why there is none. */
  of(type: ProtoType, bytes: Uint8Array, start: number): Uint8Array | RecordCode {
    const { values } = this.#reader
    values.open(bytes)
    values.at = 0
    const record = this.#reader.begin(start, bytes.length, this.#mostBytes)
    return this.#reader.json(type, record, 0) ? values.out.slice(0, values.at) : values.code
  }
}
