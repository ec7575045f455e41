/** Writes lines of one record each as a JSON array (RFC 8259), a record a line. */
import type { FileDigest } from './digest.ts'
import type { Output } from './sink.ts'

export class ArrayOutput implements Output {
  readonly name: string
  readonly #output: Output
  #isEmpty = true

  constructor(output: Output) {
    this.name = output.name
    this.#output = output
  }

  get digest(): FileDigest | undefined {
    return this.#output.digest
  }

  /** `lines`: whole ones, each with its line feed; within them stands none. */
  async append(lines: Uint8Array): Promise<void> {
    if (lines.length === 0) return
    // The line feed behind the last record stays open: a comma may have to stand before it.
    const records = Buffer.from(lines.buffer, lines.byteOffset, lines.length - 1).toString('latin1')
    const before = this.#isEmpty ? '[\n' : ',\n'
    this.#isEmpty = false
    await this.#output.append(Buffer.from(before + records.replaceAll('\n', ',\n'), 'latin1'))
  }

  async finish(): Promise<void> {
    await this.#output.append(Buffer.from(this.#isEmpty ? '[]\n' : '\n]\n'))
    await this.#output.finish()
  }

  publish(): void | Promise<void> {
    return this.#output.publish()
  }

  standing(): 'nothing' | 'older' | 'part' {
    return this.#output.standing()
  }

  discard(): void | Promise<void> {
    return this.#output.discard()
  }
}
