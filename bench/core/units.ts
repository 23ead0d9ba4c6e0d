// Text with a unit ↔ numbers with the unit in their name. Sizes, rates and durations in scenarios and reports go through here.

const DURATION_MS: Readonly<Record<string, number>> = {
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 60e3,
  min: 60e3,
  h: 3600e3,
}
const SIZE_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

/** `5s`, `250ms`, `1.5m` → milliseconds; `null` when it is no duration. */
export function parseDurationMs(text: string): number | null {
  return parseWithUnit(text, DURATION_MS)
}

/** `512MiB`, `64KB` → bytes; `null` when it is no size. */
export function parseSizeBytes(text: string): number | null {
  return parseWithUnit(text, SIZE_BYTES)
}

/** `10%` → 0.1; `null` when it is no percentage. */
export function parsePercent(text: string): number | null {
  return parseWithUnit(text, { '%': 0.01 })
}

function parseWithUnit(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-zµ%]+)\s*$/u.exec(text)
  const factor = match?.[2] === undefined ? undefined : units[match[2]]
  return match?.[1] === undefined || factor === undefined ? null : Number((Number(match[1]) * factor).toPrecision(15))
}

/** Milliseconds for a person: `85 µs`, `1.24 ms`, `2.5 s`, `3 min 20 s`. */
export function formatMs(ms: number): string {
  if (ms < 1) return `${significant(ms * 1e3)} µs`
  if (ms < 1e3) return `${significant(ms)} ms`
  if (ms < 60e3) return `${significant(ms / 1e3)} s`
  const seconds = Math.round(ms / 1e3)
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Bytes for a person, in binary units: `68 KiB`, `1.3 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${significant(bytes / 1024 ** power)} ${units[power]}`
}

/** A rate or a count for a person: `812`, `2,410`, `0.52`. */
export function formatCount(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : significant(value)
}

/** A relative change for a person: `+12 %`, `−3.4 %`. */
export function formatChange(fraction: number): string {
  const percent = significant(Math.abs(fraction) * 100, 2)
  return `${fraction < 0 ? '−' : '+'}${percent} %`
}

/** At least `digits` significant digits, never an exponent, no trailing zeros after the point beyond them. */
export function significant(value: number, digits = 3): string {
  if (value === 0) return '0'
  const magnitude = Math.floor(Math.log10(Math.abs(value)))
  return value.toFixed(Math.max(0, Math.min(9, digits - 1 - magnitude)))
}
