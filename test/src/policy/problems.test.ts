import { describe, expect, it } from 'vitest'
import type { Problem } from '../../../src/errors.ts'
import { Findings, formatProblems, quote } from '../../../src/policy/problems.ts'

const problem: Problem = {
  file: 'a,b.yaml',
  line: 3,
  column: 7,
  code: 'unknown-key',
  severity: 'error',
  message: '100 %',
  suggestion: 'did\nyou mean',
}

describe('formatProblems', () => {
  it('prints a line for people', () => {
    expect(formatProblems([{ ...problem, suggestion: 'use b' }], 'text')).toBe(
      'a,b.yaml:3:7 unknown-key 100 % -> use b\n',
    )
    expect(formatProblems([{ ...problem, suggestion: undefined }], 'text')).toBe(
      'a,b.yaml:3:7 unknown-key 100 %\n',
    )
    expect(formatProblems([], 'text')).toBe('')
  })
  it('prints an array for programs', () => {
    expect(JSON.parse(formatProblems([problem], 'json'))).toEqual([problem])
    expect(JSON.parse(formatProblems([], 'json'))).toEqual([])
  })
  it('prints workflow commands for GitHub, with what is special there escaped', () => {
    expect(formatProblems([problem], 'github')).toBe(
      '::error file=a%2Cb.yaml,line=3,col=7,title=unknown-key::100 %25 -> did%0Ayou mean\n',
    )
  })
})

describe('Findings', () => {
  it('sorts by line, column and code, and says nothing twice', () => {
    const findings = new Findings('f')
    findings.add({ line: 2, column: 1 }, 'bad-path', 'x')
    findings.add({ line: 1, column: 9 }, 'wrong-type', 'x')
    findings.add({ line: 1, column: 9 }, 'bad-path', 'y')
    findings.add({ line: 1, column: 9 }, 'bad-path', 'y')
    findings.add({ line: 1, column: 2 }, 'wrong-type', 'x')
    expect(findings.sorted().map((p) => `${p.line}:${p.column} ${p.code}`)).toEqual([
      '1:2 wrong-type',
      '1:9 bad-path',
      '1:9 wrong-type',
      '2:1 bad-path',
    ])
  })
})

describe('quote', () => {
  it('cuts long texts and shows control and format characters', () => {
    expect(quote('a\u001b[31m\u202e`')).toBe('`a\\u001b[31m\\u202e\\u0060`')
    expect(quote('x'.repeat(80))).toHaveLength(62)
  })
})
