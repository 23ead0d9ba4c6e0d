// The table of problems, read by everything that shows or judges a cell.
import { describe, expect, it } from 'vitest'
import { effectOn, PROBLEM_CODES, PROBLEMS, problem, problemThatMakes, voidingProblem } from './problems.ts'

describe('the table of problems', () => {
  it('names a remedy for every problem', () => {
    for (const code of PROBLEM_CODES) expect(PROBLEMS[code].remedy).toMatch(/\w/)
  })

  it('never calls a number of a voided cell sound', () => {
    for (const code of PROBLEM_CODES.filter((known) => PROBLEMS[known].voids)) {
      expect([code, effectOn(code, 'p99')]).toEqual([code, 'either-way'])
      expect([code, effectOn(code, 'requestsPerSec')]).toEqual([code, 'either-way'])
    }
  })

  it('knows that lateness is in the response time and in nothing else', () => {
    expect(effectOn('sent-late', 'p99')).toBe('too-bad')
    expect(effectOn('sent-late', 'errorRate')).toBe('none')
    expect(effectOn('sent-late', 'inferencesPerSec')).toBe('none')
  })

  it('takes a counted failure at its word, whatever else happened', () => {
    for (const code of PROBLEM_CODES) expect(['none', 'too-good']).toContain(effectOn(code, 'errorRate'))
  })

  it('finds what voids a cell, and what bends one of its metrics', () => {
    const cell = { problems: [problem('noisy-host', 'loud'), problem('server-paused', 'paused')] }
    expect(voidingProblem(cell)?.code).toBe('server-paused')
    expect(problemThatMakes('p50', cell, ['too-bad'])?.code).toBe('noisy-host')
    expect(problemThatMakes('errorRate', cell, ['too-bad'])).toBeNull()
  })
})
