// The scalar values of a scenario file: text with its unit or its form in, plain numbers and text out. `title` is the
// noun of error messages and of the reference page, `examples` what they propose.
import { z } from 'zod'
import { parseDurationMs, parsePercent, parseSizeBytes } from '../core/units.ts'

/** What a refinement tells beyond zod's own codes; the message continues a sentence that begins with the field's path. */
export interface IssueDetails {
  readonly code: 'bad-value' | 'out-of-range'
  readonly hint?: string
}

const DURATION = '\\s*(\\d+(\\.\\d+)?|\\.\\d+)\\s*(us|µs|ms|s|m|min|h)\\s*'

/** `5s` → milliseconds, within limits that are themselves written as durations. */
export function duration(min: string, max: string, example: string) {
  return z
    .string()
    .transform((text, context) => durationMs(text, { min, max, noun: 'a duration' }, context))
    .meta({ title: `duration, ${min} to ${max}`, pattern: `^${DURATION}$`, examples: [example] })
}

/** A duration, or that the length is found out while it is measured. */
export function durationOrAuto(min: string, max: string, example: string) {
  return z
    .string()
    .transform((text, context) =>
      text === 'auto' ? text : durationMs(text, { min, max, noun: 'auto or a duration' }, context),
    )
    .meta({ title: `duration, ${min} to ${max}, or auto`, pattern: `^(auto|${DURATION})$`, examples: [example] })
}

function durationMs(
  text: string,
  { min, max, noun }: { readonly min: string; readonly max: string; readonly noun: string },
  context: z.RefinementCtx,
): number {
  const ms = parseDurationMs(text)
  if (ms === null) return refuse(context, `must be ${noun}, but is "${shorten(text)}"`, 'bad-value')
  if (ms >= (parseDurationMs(min) ?? 0) && ms <= (parseDurationMs(max) ?? Number.POSITIVE_INFINITY)) return ms
  return refuse(context, `must be ${noun} between ${min} and ${max}, but is ${shorten(text)}`, 'out-of-range')
}

/** `512MiB` → bytes, within limits that are themselves written as sizes. */
export function size(min: string, max: string, example: string) {
  const minBytes = parseSizeBytes(min) ?? 0
  const maxBytes = parseSizeBytes(max) ?? Number.POSITIVE_INFINITY
  return z
    .string()
    .transform((text, context) => {
      const bytes = parseSizeBytes(text)
      if (bytes === null) return refuse(context, `must be a size, but is "${shorten(text)}"`, 'bad-value')
      if (bytes >= minBytes && bytes <= maxBytes) return bytes
      return refuse(context, `must be a size between ${min} and ${max}, but is ${shorten(text)}`, 'out-of-range')
    })
    .meta({
      title: `size, ${min} to ${max}`,
      pattern: '^\\s*(\\d+(\\.\\d+)?|\\.\\d+)\\s*(B|[kKMGT]i?B)\\s*$',
      examples: [example],
    })
}

/** `10%` → 0.1, up to 1000%. */
export function percentage(example: string, least = '0%') {
  return z
    .string()
    .transform((text, context) => {
      const fraction = parsePercent(text)
      if (fraction === null) return refuse(context, `must be a percentage, but is "${shorten(text)}"`, 'bad-value')
      if (fraction < (parsePercent(least) ?? 0)) {
        return refuse(context, `must be at least ${least}, but is ${shorten(text)}`, 'out-of-range')
      }
      if (fraction <= 10) return fraction
      return refuse(context, `must be at most 1000%, but is ${shorten(text)}`, 'out-of-range')
    })
    .meta({ title: 'percentage', pattern: '^\\s*(\\d+(\\.\\d+)?|\\.\\d+)\\s*%\\s*$', examples: [example] })
}

/** Whole number within limits. */
export function whole(min: number, max: number, example: number) {
  return z
    .int()
    .min(min)
    .max(max)
    .meta({ title: 'whole number', examples: [example] })
}

/** Names of servers and targets become keys of `--set`, log files and trial ids. */
export function name(example: string) {
  return z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/)
    .meta({ title: 'name', examples: [example] })
}

/** Becomes a folder's name: no slash, no leading dot. */
export function folderName(example: string) {
  return z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)
    .meta({ title: 'name without slashes', examples: [example] })
}

export function text(maxChars: number, example: string) {
  return z
    .string()
    .max(maxChars)
    .meta({ title: 'text', examples: [example] })
}

export function image(example: string) {
  return z
    .string()
    .regex(/^[a-z0-9][\w.\-/:@]{0,255}$/i)
    .meta({ title: 'image reference', examples: [example] })
}

/** By Docker's own rule for names. */
export const containerName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/)
  .meta({ title: 'container name', examples: ['dyno-flask'] })

/** Cores as the kernel lists them. */
export const cpuSet = z
  .string()
  .regex(/^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*$/)
  .meta({ title: 'list of cores', examples: ['0-1,3'] })

export const port = z
  .int()
  .min(1)
  .max(65535)
  .meta({ title: 'port', examples: [8000] })

export const environment = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/),
    z
      .union([z.string().max(4096), z.number(), z.boolean()])
      .transform(String)
      .meta({ title: 'text, number or true/false', description: 'Value of the variable.', examples: [4] }),
  )
  .meta({ title: 'map of variables', examples: ['{ TF_NUM_INTRAOP_THREADS: 1 }'] })

/** `http://host:port` or `https://host:port` without anything behind it → the same without a trailing slash. */
export const serverUrl = z
  .string()
  .max(512)
  .transform(originOf)
  .meta({ title: 'http or https URL', examples: ['http://127.0.0.1:9000'] })

export const pageUrl = z
  .string()
  .max(512)
  .transform((typed, context) => plainUrl(typed, context)?.href ?? z.NEVER)
  .meta({ title: 'http or https URL', examples: ['http://127.0.0.1:9002/metrics'] })

/** `host:port`, an IPv6 host in brackets; or `https://host:port`. */
export const grpcUrl = z
  .string()
  .max(512)
  .transform((typed, context) => {
    if (/^https:/i.test(typed)) return originOf(typed, context)
    const match = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(\d{1,5})$/.exec(typed)
    const number = Number(match?.[1])
    if (number >= 1 && number <= 65535) return typed
    const problem = `must be host:port or https://host:port, but is "${shorten(typed)}"`
    return refuse(context, problem, 'bad-value', grpcAdvice(typed))
  })
  .meta({ title: 'host:port or https URL', examples: ['127.0.0.1:9001'] })

/** gRPC's own names (`dns:///host:port`, `ipv4:…`) lead to the address in them, if there is one to write. */
function grpcAdvice(typed: string): string | undefined {
  if (/^unix(-abstract)?:/i.test(typed)) {
    return 'unix sockets are not supported: let the server listen on 127.0.0.1 and write its host:port'
  }
  const bare = typed.replace(/^(dns|ipv4|ipv6|xds|passthrough|[a-z][a-z0-9+.-]*:\/)[:/]\/*/i, '').replace(/\/.*$/, '')
  if (bare === typed || bare === '') return undefined
  return /:\d+$/.test(bare) ? `write ${shorten(bare)}` : `write ${shorten(bare)}:PORT`
}

/** Not an address: TLS asks for names only (RFC 6066, section 3). */
export const hostName = z
  .string()
  .max(253)
  .regex(/^(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z][A-Za-z0-9-]{0,62}$/)
  .meta({ title: 'host name', examples: ['triton.example'] })

function originOf(typed: string, context: z.RefinementCtx): string {
  const url = plainUrl(typed, context)
  if (url === null) return z.NEVER
  if (url.pathname === '/' && url.search === '') return url.origin
  return refuse(context, `must end after the port, but is "${shorten(typed)}"`, 'bad-value', `write ${url.origin}`)
}

function plainUrl(typed: string, context: z.RefinementCtx): URL | null {
  const url = URL.canParse(typed) ? new URL(typed) : null
  if (url === null || !/^https?:$/.test(url.protocol)) {
    refuse(context, `must be an http or https URL, but is "${shorten(typed)}"`, 'bad-value')
    return null
  }
  if (url.username === '' && url.password === '') return url
  refuse(context, 'must not carry a user name or password', 'bad-value', `write ${url.origin}`)
  return null
}

function refuse(context: z.RefinementCtx, message: string, code: IssueDetails['code'], hint?: string) {
  context.addIssue({ code: 'custom', message, params: { code, ...(hint === undefined ? {} : { hint }) } })
  return z.NEVER
}

function shorten(typed: string): string {
  return typed.length > 60 ? `${typed.slice(0, 59)}…` : typed
}
