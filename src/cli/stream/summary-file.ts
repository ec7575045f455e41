/** Where the account of a stream goes, as JSON: never a file that the stream reads. */
import { writeWhole } from '../../files/whole-file.ts'
import type { Pipeline } from '../../kafka/pipeline-file/pipeline.ts'
import { ReadFiles } from '../../run/read-files.ts'
import type { RunFiles } from '../../run/run-files.ts'

export class SummaryFile {
  readonly #file: string
  readonly #pipeline: Pipeline
  readonly #files: RunFiles

  /** @throws LetheError (usage) where it is a file that the pipeline, or what it names, reads */
  constructor(file: string, pipeline: Pipeline, files: RunFiles) {
    this.#file = file
    this.#pipeline = pipeline
    this.#files = files
    this.#refuseRead()
  }

  /** @throws LetheError: usage like the constructor; io where it cannot be written */
  async write(text: string): Promise<void> {
    // Since the start, a link may have come to lead somewhere else.
    this.#refuseRead()
    await writeWhole(this.#file, text)
  }

  #refuseRead(): void {
    const { tls, sasl } = this.#pipeline
    const reads = new ReadFiles()
    reads.addRun(this.#files)
    for (const secret of [tls?.ca, tls?.cert, tls?.key, tls?.keyPassword, sasl?.password])
      if (secret !== undefined && 'file' in secret)
        reads.add('a file of certificates or passwords', secret.file)
    reads.refuse(this.#file)
  }
}
