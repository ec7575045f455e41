/** node-rdkafka, loaded where it is installed, and its callbacks as promises. */
import type * as Rdkafka from 'node-rdkafka'
import { LetheError } from '../../../errors.ts'
import { learnCodes } from './client-errors.ts'

export type Library = typeof Rdkafka
export type Consumer = Rdkafka.KafkaConsumer
export type Producer = Rdkafka.Producer
export type LibraryMessage = Rdkafka.Message

/** What consumer and producer share; the library types each event of each on its own. */
export interface Client {
  on(event: 'event.error' | 'event.log', listener: (given: unknown) => void): unknown
  removeListener(event: string, listener: (given: unknown) => void): unknown
  connect(options: { readonly timeout: number }, done: (error: unknown, metadata: unknown) => void): unknown
}

const INSTALL = 'npm install node-rdkafka (it builds librdkafka: a C++ toolchain, make and Python 3)'

export const ZSTD =
  'install the headers of libzstd, then npm rebuild node-rdkafka; the driver kafkajs reads zstd too'

/**
 * The library.
 * @throws LetheError (usage) where it is not installed or was not built
 */
export async function loadLibrary(): Promise<Library> {
  try {
    const loaded = (await import('node-rdkafka')) as unknown as Library & { readonly default?: Library }
    const library = loaded.default ?? loaded
    learnCodes(library.CODES.ERRORS as unknown as Readonly<Record<string, number>>)
    return library
  } catch {
    throw new LetheError(
      'package-missing',
      'the driver rdkafka needs node-rdkafka, which is not installed here, or was not built',
      `${INSTALL}; where npm blocks install scripts: npm install-scripts approve node-rdkafka, then npm rebuild node-rdkafka`,
    )
  }
}

/** Whether the library is there. */
export async function hasLibrary(): Promise<boolean> {
  try {
    await loadLibrary()
    return true
  } catch {
    return false
  }
}

/** Runs one call of the library, whose callback takes an error first. */
export function call<T = void>(run: (done: (error: unknown, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    // Some calls throw at once where others call back.
    try {
      run((error, value) => {
        if (error !== null && error !== undefined) reject(error)
        else resolve(value as T)
      })
    } catch (error) {
      reject(error)
    }
  })
}
