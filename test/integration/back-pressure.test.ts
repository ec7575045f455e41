/** The memory of a stream before a slow output, in brief and with fewer records; `back-pressure.proof.ts` does it with each client. */
import { it } from 'vitest'
import { onOwnKafka } from '../broker/suite.ts'
import { holdsBack } from './back-pressure.ts'

onOwnKafka('lethe stream before a slow output', () => {
  it('holds no more than 350 MiB, and loses nothing', async (test) => await holdsBack('', 16_000, test))
})
