import { describe, expect, it } from 'vitest'
import { category } from '../../../transforms/generalize/category.ts'
import { geo } from '../../../transforms/generalize/geo.ts'
import { ip } from '../../../transforms/generalize/ip.ts'
import { number } from '../../../transforms/generalize/number.ts'
import { prefix } from '../../../transforms/generalize/prefix.ts'
import { url } from '../../../transforms/generalize/url.ts'
import { zip3 } from '../../../transforms/generalize/zip3.ts'
import { running } from './compiling.ts'

describe.each([category, geo, ip, number, prefix, url, zip3])('examples of $name', (transform) => {
  it.each(transform.examples)('$title', ({ options, input, output }) => {
    expect(running(transform, options)(input)).toBe(typeof output === 'string' ? output : `!${output.fails}`)
  })
})
