/** What may not be there. */
import { LetheError } from '../errors.ts'

/** What `work` gives; undefined where the file or object is not there, or is gone by now. @throws what else `work` throws */
export async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof LetheError && error.code === 'file-missing') return undefined
    throw error
  }
}
