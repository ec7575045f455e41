/** Stored files equal the model of what may be visible, whatever happens in whatever order. `npm run proof:lifecycle` does more. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { folder, warm } from '../src/cli/lethe.ts'
import { eraseFromFiles } from './files-scale.ts'
import { FilesWorld } from './files-world.ts'
import { actions } from './schedule.ts'

describe('stored files, under a random schedule', () => {
  it('hold what the model says, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(actions(false), { minLength: 8, maxLength: 14 }), async (schedule) => {
        const world = new FilesWorld(mkdtempSync(join(tmpdir(), 'lethe-life-')), warm, false)
        try {
          await world.open()
          for (const action of schedule) {
            await world.play(action)
            world.check()
          }
          await world.settle()
        } finally {
          world.close()
        }
      }),
      { numRuns: 2 },
    )
  })
})

describe('subjects among many rows', () => {
  it.skipIf(process.platform === 'win32')(
    'are found by grep before they are erased, and not behind it',
    async () => {
      await eraseFromFiles({ folder: folder(), lethe: warm, rows: 5000, subjects: 10, say: () => {} })
    },
  )
})
