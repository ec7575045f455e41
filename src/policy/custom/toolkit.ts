/** What a module of transforms gets: it imports nothing, so its own bytes are all that its results depend on. */
import { z } from 'zod'
import { ALL, NOTHING, part, token } from '../../../transforms/reveals/revelation.ts'
import {
  defineTransform,
  fail,
  longestResult,
  OptionError,
  type Transform,
} from '../../../transforms/transform.ts'

/** Everything that a definition needs. */
export interface TransformToolkit {
  readonly defineTransform: typeof defineTransform
  /** `fail(code)`: what `apply` gives for a value that it cannot take. */
  readonly fail: typeof fail
  /** What `compile` throws for options that cannot work. */
  readonly OptionError: typeof OptionError
  /** The most UTF-16 units that a result may have, by those of its value. */
  readonly longestResult: typeof longestResult
  /** What `reveals` answers. */
  readonly ALL: typeof ALL
  readonly NOTHING: typeof NOTHING
  readonly part: typeof part
  readonly token: typeof token
  /** zod, for the schema of the options. */
  readonly z: typeof z
}

/** The default export of a file that `transforms:` of a policy names. */
export type TransformModule = (toolkit: TransformToolkit) => Transform | readonly Transform[]

/** The toolkit that modules get, for tests of a module. */
export const transformToolkit: TransformToolkit = {
  defineTransform,
  fail,
  OptionError,
  longestResult,
  ALL,
  NOTHING,
  part,
  token,
  z,
}
