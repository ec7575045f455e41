import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  columns,
  displayWidth,
  pad,
  paint,
  printable,
  shorten,
  wantsColour,
  wrap,
} from '../../src/terminal.ts'

describe('wantsColour', () => {
  const terminal = { isTTY: true }
  it('colours a terminal and nothing else', () => {
    expect(wantsColour(terminal, {})).toBe(true)
    expect(wantsColour({}, {})).toBe(false)
  })
  it('hears FORCE_COLOR before NO_COLOR before TERM', () => {
    expect(wantsColour(terminal, { NO_COLOR: '1' })).toBe(false)
    expect(wantsColour(terminal, { NO_COLOR: '' })).toBe(true)
    expect(wantsColour(terminal, { TERM: 'dumb' })).toBe(false)
    expect(wantsColour({}, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(true)
    expect(wantsColour(terminal, { FORCE_COLOR: '0' })).toBe(false)
  })
})

describe('text on a terminal', () => {
  it('counts columns, not characters', () => {
    expect(displayWidth('abc')).toBe(3)
    expect(displayWidth('東京')).toBe(4)
    expect(displayWidth('e\u0301')).toBe(1)
    expect(displayWidth('👩‍👩‍👧')).toBe(2)
    expect(displayWidth('한국')).toBe(4)
    expect(displayWidth('\u001b[31mred\u001b[39m')).toBe(3)
  })
  it('aligns by columns', () => {
    expect(
      columns(
        [
          ['東', '1'],
          ['abc', '22'],
        ],
        [1],
      ),
    ).toEqual(['東    1', 'abc  22'])
    expect(pad('ab', 4, 'right')).toBe('  ab')
    expect(shorten('東京都庁', 5)).toBe('東京…')
    expect(shorten('abc', 3)).toBe('abc')
  })
  it('cuts at clusters, to the width and no narrower than it must', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '東', 'e\u0301', '👩‍👩‍👧', '\u200d', '한', '🇩🇪') })
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 12 }), (whole, width) => {
        const cut = shorten(whole, width)
        expect(displayWidth(cut)).toBeLessThanOrEqual(width)
        if (cut === whole) return
        expect(displayWidth(whole)).toBeGreaterThan(width)
        expect(cut.endsWith('…') && whole.startsWith(cut.slice(0, -1))).toBe(true)
        expect(displayWidth(cut)).toBeGreaterThanOrEqual(width - 1)
      }),
    )
  })
  it('wraps at spaces', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
  })
  it('never passes on what could steer the terminal', () => {
    expect(printable('a\u001b[2Jb\u202ec')).toBe('a\\u001b[2Jb\\u202ec')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e]/u)
      }),
    )
  })
  it('leaves text as it is where no colour is wanted', () => {
    const saved = process.env['FORCE_COLOR']
    delete process.env['FORCE_COLOR']
    expect(paint({ isTTY: false }).red('x')).toBe('x')
    if (saved !== undefined) process.env['FORCE_COLOR'] = saved
  })
})
