/** The one entry of worker threads: it compiles what its first message says, and does the jobs of files or streams. */
import { serve } from '../engine/threads.ts'
import { withTransforms } from '../policy/custom/modules.ts'
import type { BatchSetup, Job } from './batch-job.ts'
import { batchWork } from './batch-work.ts'
import type { ChunkJob, ChunkSetup } from './chunk.ts'
import { chunkWork } from './chunk-work.ts'

serve(async (setup: ChunkSetup | BatchSetup) => {
  const work = await withTransforms(() => (setup.kind === 'chunks' ? chunkWork(setup) : batchWork(setup)))
  return work as (job: ChunkJob | Job) => ReturnType<typeof work>
})
