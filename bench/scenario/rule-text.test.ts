// Gate rules typed on a command line.
import { describe, expect, it } from 'vitest'
import { BenchError } from '../core/errors.ts'
import { parseRule } from './rule-text.ts'

const none = { target: null, maxRegression: null, max: null, min: null }

describe('a rule on the command line', () => {
  it.each([
    ['p99 <= 25ms', { ...none, metric: 'p99', max: 25 }],
    ['p99<=1.5s', { ...none, metric: 'p99', max: 1500 }],
    ['requestsPerSec >= 500', { ...none, metric: 'requestsPerSec', min: 500 }],
    ['errorRate ≤ 1%', { ...none, metric: 'errorRate', max: 0.01 }],
    ['errorRate <= 0', { ...none, metric: 'errorRate', max: 0 }],
    ['p99 regression <= 10% @triton-grpc', { ...none, metric: 'p99', maxRegression: 0.1, target: 'triton-grpc' }],
    [' p50 <= 3ms@flask ', { ...none, metric: 'p50', max: 3, target: 'flask' }],
  ])('%s', (text, rule) => {
    expect(parseRule(text)).toMatchObject(rule)
  })

  it.each([
    ['', 'it is no rule', 'write for example'],
    ['p99', 'it is no rule', 'write for example'],
    ['p99 < 25ms', 'it is no rule', 'write for example'],
    ['p98 <= 25ms', "there is no metric 'p98'", "did you mean 'p90'"],
    ['p99 <= 25', "'25' is no limit of p99", '25ms'],
    ['p99 <= -3ms', "'-3ms' is no limit of p99", '25ms'],
    ['requestsPerSec >= 5ms', "'5ms' is no limit of requestsPerSec", '>= 500'],
    ['p99 regression >= 10%', 'a regression has an upper limit only', 'write <='],
    ['p99 regression <= 10', "'10' is no limit of a regression", '10%'],
  ])('%s is refused with what to write', (text, message, hint) => {
    const refuse = () => parseRule(text)
    expect(refuse).toThrow(BenchError)
    expect(refuse).toThrow(message)
    try {
      refuse()
    } catch (error) {
      expect(error).toMatchObject({ code: 'rule-invalid', exitCode: 2, hint: expect.stringContaining(hint) })
    }
  })
})
