/** Does to stored files what an order says. Files that one keeper tells of are changed together, some at a time. */
import { LetheError } from '../errors.ts'
import type { StoredChange } from './keeper.ts'
import { keeperOf } from './keeper-of.ts'
import type { AppliedOrder } from './order-steps.ts'
import { storageOf } from './storage/storage-of.ts'
import { permitsOf, purgeVersions, StoredFile } from './stored-file.ts'
import type { TargetRequest, TargetSurvey } from './target.ts'
import { fileOf } from './work-order.ts'

/** What may stand beside files until it takes their place. */
const MOST_STAGED = 64
const MOST_STAGED_BYTES = 1 << 30

/**
 * One file after the other; what is done already stays as it is. It goes on where it was cut short.
 * @param order its hash
 * @throws LetheError: `target-changed`, `target-held`, `file-busy`, (io): the files before are done, that one is as it was
 */
export async function applyFiles(
  planned: readonly TargetSurvey[],
  order: string,
  request: TargetRequest,
): Promise<AppliedOrder> {
  const done = { applied: 0, wasApplied: 0 }
  for (const group of await groupsOf(planned)) {
    const release = await storageOf(group.lock).lock(group.lock)
    try {
      await applyGroup(group.targets, order, request, (state) => {
        if (state === 'applied') done.applied++
        else done.wasApplied++
      })
    } finally {
      release()
    }
  }
  return done
}

interface Group {
  readonly lock: string
  readonly targets: TargetSurvey[]
}

async function groupsOf(planned: readonly TargetSurvey[]): Promise<readonly Group[]> {
  const groups: Group[] = []
  for (const one of planned) {
    const { lock } = await keeperOf(fileOf(one.target))
    const last = groups.at(-1)
    if (last?.lock === lock) last.targets.push(one)
    else groups.push({ lock, targets: [one] })
  }
  return groups
}

async function applyGroup(
  targets: readonly TargetSurvey[],
  order: string,
  request: TargetRequest,
  tell: (state: 'applied' | 'was applied') => void,
): Promise<void> {
  const keeper = await keeperOf(fileOf(targets[0]!.target))
  const permitFor = permitsOf(request)
  await keeper.recover(permitFor)
  const staged: StoredChange[] = []
  let bytes = 0
  const make = async (): Promise<void> => {
    const changes = staged.splice(0)
    bytes = 0
    if (changes.length === 0) return
    try {
      await keeper.begin(changes, permitFor)
    } catch (error) {
      // Such as for a disk that is full: what was made for it gives way, as no other order would take it up.
      for (const change of changes) new StoredFile(change.file).discard(change, request)
      throw error
    }
    const made: StoredChange[] = []
    let mayBeFirst = true
    try {
      for (const change of changes) {
        await new StoredFile(change.file).swap(change, request)
        made.push(change)
      }
    } catch (error) {
      // It was told before anything was asked for.
      mayBeFirst = !(error instanceof LetheError && error.code === 'target-held')
      throw error
    } finally {
      const rest = changes.slice(made.length)
      try {
        if (rest.length > 0) await keeper.giveUp(rest, mayBeFirst, permitFor)
      } finally {
        for (const change of rest) new StoredFile(change.file).discard(change, request)
        await keeper.end(made, permitFor)
      }
    }
    for (const _ of made) tell('applied')
  }
  try {
    for (const planned of targets.filter(hasRowsToChange)) {
      const change = await new StoredFile(fileOf(planned.target)).stage(planned, order, request, keeper)
      if (typeof change === 'string') {
        tell(change)
        continue
      }
      staged.push(change)
      bytes += change.after?.digest.bytes ?? 0
      if (staged.length >= MOST_STAGED || bytes >= MOST_STAGED_BYTES) await make()
    }
  } finally {
    // Where one was refused, those before it are done.
    await make()
  }
  for (const planned of targets) {
    const stored = new StoredFile(fileOf(planned.target))
    if (hasRowsToChange(planned)) await stored.purge(request)
    else tell((await stored.purgeAlone(request)) > 0 ? 'applied' : 'was applied')
  }
  if (!targets.some(({ target }) => fileOf(target) === keeper.lock)) await purgeVersions(keeper.lock, request)
}

/** By an order: of others, older versions go. */
export const hasRowsToChange = ({ deleted, stepped }: TargetSurvey): boolean => deleted + stepped > 0

/** Whether an order has something to do there. */
export const hasWork = (planned: TargetSurvey): boolean =>
  hasRowsToChange(planned) || (planned.olderVersions ?? 0) > 0
