import { describe, expect, it } from 'vitest'
import { ReplicaWatch } from './replica-watch.ts'
import { type ServerCounters, statisticsBetween } from './server-statistics.ts'

const reading = (success: number): ServerCounters => ({
  success,
  failures: 0,
  inferences: success,
  executions: success,
  queueNs: 0,
  computeInputNs: 0,
  computeInferNs: 0,
  computeOutputNs: 0,
})

function watch(...successes: readonly number[]) {
  const replicas = new ReplicaWatch()
  for (const success of successes) replicas.seen(reading(success))
  return replicas
}

describe('statistics', () => {
  it('are those of the whole server where it counted what was answered', () => {
    expect(watch(100, 100, 178).arePart(statisticsBetween(reading(100), reading(178)), 78)).toBe(false)
  })

  it('are of one of several replicas where it counted less', () => {
    expect(watch(100, 100, 139).arePart(statisticsBetween(reading(100), reading(139)), 78)).toBe(true)
  })

  it('are of one of several replicas where the counters went back', () => {
    expect(watch(100, 40, 178).arePart(statisticsBetween(reading(40), reading(178)), 78)).toBe(true)
  })

  it('are the whole server’s where other clients asked it as well', () => {
    expect(watch(100, 110, 300).arePart(statisticsBetween(reading(110), reading(300)), 78)).toBe(false)
  })
})
