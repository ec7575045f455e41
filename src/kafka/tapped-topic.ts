/** The topic of a route that `lethe tap` shows. */
import { LetheError } from '../errors.ts'
import type { Route } from './pipeline-file/pipeline.ts'

/** @throws LetheError (usage) where the route writes into a data set, and dead letters are not asked for */
export function tappedTopic({ name, to, deadLetterTopic }: Route, deadLetters: boolean): string {
  if (deadLetters) return deadLetterTopic
  if (to.topic !== undefined) return to.topic
  throw new LetheError(
    'bad-option',
    `the route ${name} writes into a data set: there is no output topic to look at`,
    'read the files of the folder, or say --dead-letters',
  )
}
