// Many fuzzed cases one after the other, counted; the first failure ends them with all that is needed to see it again.
import { fuzzGrpc } from './fuzz-grpc.ts'
import { fuzzHttp1 } from './fuzz-http1.ts'
import { http1Case } from './http1-cases.ts'
import { grpcCase } from './http2-cases.ts'

interface Kind {
  /** What is counted. */
  readonly unit: string
  readonly bytes: (seed: number, number: number) => Uint8Array
  /** Runs one case: how many units it was, and what it came to. */
  readonly run: (seed: number, number: number) => { readonly units: number; readonly results: readonly string[] }
}

export const KINDS = {
  http2: {
    unit: 'frames',
    bytes: (seed, number) => grpcCase(seed, number).bytes,
    run(seed, number) {
      const { frames, outcomes, failures } = fuzzGrpc(seed, number)
      return { units: frames, results: [...outcomes, ...failures.map(kindOfText)] }
    },
  },
  http1: {
    unit: 'answers',
    bytes: (seed, number) => Buffer.concat(http1Case(seed, number).map(({ bytes }) => bytes)),
    run(seed, number) {
      const accounts = fuzzHttp1(seed, number)
      const results = accounts.map(({ failure }) => (failure === '' ? 'ok' : kindOfText(failure)))
      return { units: accounts.length, results }
    },
  },
} as const satisfies Record<string, Kind>

export type KindName = keyof typeof KINDS

export interface Campaign {
  readonly kind: KindName
  readonly seed: number
  /** Units to come to; it ends with the case that reaches them. */
  readonly goal: number
}

export interface Tally {
  readonly units: number
  readonly cases: number
  /** Outcomes and texts of failures, with how often each came up. */
  readonly results: ReadonlyMap<string, number>
}

export class FuzzFailure extends Error {
  constructor({ kind, seed }: Campaign, number: number, what: unknown) {
    const hex = Buffer.from(KINDS[kind].bytes(seed, number)).toString('hex')
    const reason = what instanceof Error ? (what.stack ?? what.message) : String(what)
    super(`${kind} case ${number} of seed ${seed}: ${reason}\nbytes: ${hex}`)
  }
}

// Connections leave ticks and timers behind; both get their turn after so many cases.
const CASES_BETWEEN_TURNS = 100

/**
 * @param onCase called before each case with its number and the units so far
 * @throws FuzzFailure at the first case that breaks a rule
 */
export async function runCampaign(
  campaign: Campaign,
  onCase: (number: number, units: number) => void = () => {},
): Promise<Tally> {
  const { kind, seed, goal } = campaign
  const results = new Map<string, number>()
  let units = 0
  let cases = 0
  while (units < goal) {
    onCase(cases, units)
    try {
      const done = KINDS[kind].run(seed, cases)
      units += done.units
      for (const result of done.results) results.set(result, (results.get(result) ?? 0) + 1)
    } catch (error) {
      throw new FuzzFailure(campaign, cases, error)
    }
    if (++cases % CASES_BETWEEN_TURNS === 0) await new Promise(setImmediate)
  }
  return { units, cases, results }
}

/** The text of a failure without what differs from one server to the next. */
function kindOfText(text: string): string {
  return text
    .replace(/".*/s, '…')
    .replace(/^([A-Z]+|status \d+): .*/s, '$1')
    .replace(/GOAWAY .*/s, 'GOAWAY')
    .replace(/\d+/g, 'N')
}
