/** Says when a file that the run has read is another one now. Nothing is done about it: it takes effect at a restart. */

import type { Log } from '../../telemetry/log.ts'
import type { ChangedFile, RunFiles } from '../run-files.ts'

export class ConfigurationWatch {
  readonly #files: Pick<RunFiles, 'changed'>
  readonly #log: Log
  readonly #timer: NodeJS.Timeout
  /** The states that were told of. */
  #told: ReadonlySet<string> = new Set()

  /** Compares the modification time of each file. `every`: the interval in milliseconds. */
  constructor(files: Pick<RunFiles, 'changed'>, log: Log, every: number) {
    this.#files = files
    this.#log = log
    this.#timer = setInterval(() => this.look(), every).unref()
  }

  /** Reports each change once. */
  look(): void {
    this.#tell((change) => !this.#told.has(idOf(change)))
  }

  /** Tells all: a worker starts again, and a user may think that it takes them up. */
  remind(): void {
    this.#tell(() => true)
  }

  #tell(isToTell: (change: ChangedFile) => boolean): void {
    const changes = this.#files.changed()
    for (const change of changes)
      if (isToTell(change))
        this.#log.event({ kind: 'configuration-changed', what: change.kind, file: change.file })
    this.#told = new Set(changes.map(idOf))
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

const idOf = ({ file, stamp }: ChangedFile): string => `${stamp} ${file}`
