/** How long whoever asks the brokers waits for them. */
import { LetheError } from '../../../errors.ts'
import type { Position } from '../../record.ts'
import type { Brokers } from './brokers.ts'
import { Moment } from './failure.ts'

const ANSWER_MS = 60_000
/** What is asked by the way may go unanswered. */
const ASIDE_MS = 5_000

/** What somebody waits for. @throws LetheError where the brokers are not able to answer for long */
export async function asking<T>(brokers: Brokers, ask: () => Promise<T>): Promise<T> {
  try {
    return await brokers.insistFor(ANSWER_MS, ask)
  } catch (error) {
    if (!(error instanceof Moment)) throw error
    throw new LetheError(
      'broker-unreachable',
      `the brokers are there, but did not answer for ${ANSWER_MS / 1000} s (${error.code})`,
      'look at their log',
    )
  }
}

/** Nothing, where the brokers are away: whoever asks by the way will ask again. */
export async function aside(
  brokers: Brokers,
  ask: () => Promise<readonly Position[]>,
): Promise<readonly Position[]> {
  try {
    return await brokers.insistFor(ASIDE_MS, ask)
  } catch (error) {
    if (error instanceof Moment) return []
    throw error
  }
}

/** Waits for something to end, well or not, and no longer than so many milliseconds. */
export async function within(most: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, most))
  })
  await Promise.race([work.catch(() => {}), late])
  clearTimeout(timer)
}
