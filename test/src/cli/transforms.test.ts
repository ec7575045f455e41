import { describe, expect, it } from 'vitest'
import { transforms } from '../../../transforms/index.ts'
import { warm } from './lethe.ts'

describe('lethe transforms', () => {
  it('lists every transform, a family, or one with all that is known of it', async () => {
    const all = await warm(['transforms'])
    expect(all.code).toBe(0)
    for (const { name } of transforms) expect(all.stdout).toContain(`${name} `)
    const family = await warm(['transforms', 'hash'])
    expect(family.stdout).toContain('hash.hmac')
    expect(family.stdout).not.toContain('mask.')
    const one = await warm(['transforms', 'hash.hmac'])
    for (const part of ['Reversible?', 'domain', 'What it does not stop', 'Examples'])
      expect(one.stdout).toContain(part)
  })

  it('lists the rule behind retention too', async () => {
    const { stdout } = await warm(['transforms', 'retention.expire'])
    expect(stdout).toContain('Judges how old an event is')
    expect(stdout).toContain('retention: { steps: [')
    expect(stdout).not.toContain('use: retention.expire')
  })

  it('prints JSON for programs', async () => {
    const { stdout } = await warm(['transforms', 'mask.card', '--format', 'json'])
    const { v, transforms: list } = JSON.parse(stdout) as {
      v: number
      transforms: { name: string; options: { name: string; default?: unknown; takes: string }[] }[]
    }
    expect(v).toBe(1)
    expect(list.map(({ name }) => name)).toEqual(['mask.card'])
    expect(list[0]!.options.find(({ name }) => name === 'keepLast')).toMatchObject({
      default: 4,
      takes: 'integer, 0 to 4',
    })
  })

  it('answers an unknown name with the nearest', async () => {
    const { code, stderr } = await warm(['transforms', 'hash.hmca'])
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean `hash.hmac`?')
  })
})
