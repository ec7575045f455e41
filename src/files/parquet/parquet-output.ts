/** A Parquet file as an output: frames of columns go in, and its bytes go to a file that appears whole. */
import { LetheError } from '../../errors.ts'
import type { GroupColumn } from '../../record/columns/column-tree.ts'
import type { FileDigest } from '../digest.ts'
import type { Output } from '../sink.ts'
import { type ParquetForm, ParquetWriter } from './parquet-writer.ts'

export class ParquetOutput implements Output {
  readonly name: string
  readonly #output: Output
  readonly #form: Omit<ParquetForm, 'tree'>
  #columns: GroupColumn | undefined
  #writer: ParquetWriter | undefined

  constructor(output: Output, form: Omit<ParquetForm, 'tree'>) {
    this.name = output.name
    this.#output = output
    this.#form = form
  }

  get digest(): FileDigest | undefined {
    return this.#output.digest
  }

  readonly openColumns = (columns: GroupColumn, input: string): void => {
    if (this.#columns !== undefined && JSON.stringify(columns) !== JSON.stringify(this.#columns))
      throw new LetheError(
        'output-conflict',
        `${input}: its columns differ from those of the input before it, and both go into ${this.name}`,
        'write to a folder (-o folder/), one output for each input',
      )
    this.#columns = columns
  }

  get held(): number {
    return this.#writer?.held ?? 0
  }

  readonly release = async (): Promise<void> => {
    await this.#writer?.endRowGroup()
    this.#writer?.free()
  }

  #opened(): ParquetWriter {
    if (this.#columns === undefined)
      throw new LetheError(
        'header-invalid',
        `no input has a header, so that the columns of ${this.name} are not known`,
        'name an input with a header',
      )
    const form = { ...this.#form, tree: this.#columns }
    this.#writer ??= new ParquetWriter(form, (bytes) => this.#output.append(bytes))
    return this.#writer
  }

  append(frames: Uint8Array): Promise<void> {
    return this.#opened().add(frames)
  }

  async finish(): Promise<void> {
    await this.#opened().finish()
    // What it holds is free while other outputs are written.
    this.#writer = undefined
    await this.#output.finish()
  }

  publish(): void | Promise<void> {
    return this.#output.publish()
  }

  discard(): void | Promise<void> {
    return this.#output.discard()
  }

  standing(): 'nothing' | 'older' | 'part' {
    return this.#output.standing()
  }
}
