import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatChange,
  formatCount,
  formatMs,
  parseDurationMs,
  parsePercent,
  parseSizeBytes,
} from './units.ts'

describe('parsing units', () => {
  it.each([
    ['5s', 5000, 'seconds'],
    ['250ms', 250, 'milliseconds'],
    ['1.5m', 90_000, 'a fraction of minutes'],
    [' 2 h ', 7_200_000, 'spaces around and between'],
    ['10us', 0.01, 'microseconds'],
    ['.5s', 500, 'no digit before the point'],
    ['5', null, 'a bare number has no unit'],
    ['5 parsecs', null, 'not a unit of time'],
    ['-5s', null, 'no negative durations'],
    ['5MiB', null, 'a size is no duration'],
    ['', null, 'nothing'],
  ])('reads the duration %j as %j ms: %s', (text, ms, _why) => {
    expect(parseDurationMs(text)).toBe(ms)
  })

  it.each([
    ['512MiB', 512 * 1024 ** 2],
    ['64KB', 64_000],
    ['1.5GiB', 1.5 * 1024 ** 3],
    ['512', null],
    ['512 mib', null],
  ])('reads the size %j as %j bytes', (text, bytes) => {
    expect(parseSizeBytes(text)).toBe(bytes)
  })

  it.each([
    ['10%', 0.1],
    ['0.5 %', 0.005],
    ['7%', 0.07],
    ['10', null],
  ])('reads the percentage %j as %j', (text, fraction) => {
    expect(parsePercent(text)).toBe(fraction)
  })
})

describe('numbers for a person', () => {
  it.each([
    [0.0854, '85.4 µs'],
    [1.2367, '1.24 ms'],
    [250, '250 ms'],
    [2500, '2.50 s'],
    [200_000, '3 min 20 s'],
    [120_000, '2 min'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text)
  })

  it('writes bytes in binary units', () => {
    expect([0, 900, 68 * 1024, 1.3 * 1024 ** 3].map(formatBytes)).toEqual(['0 B', '900 B', '68.0 KiB', '1.30 GiB'])
  })

  it('writes counts without needless digits', () => {
    expect([0, 0.523, 812, 2410.6].map(formatCount)).toEqual(['0', '0.523', '812', '2,411'])
  })

  it('gives every change its sign', () => {
    expect([0.123, -0.034, 0, 1.5].map(formatChange)).toEqual(['+12 %', '−3.4 %', '+0 %', '+150 %'])
  })
})
