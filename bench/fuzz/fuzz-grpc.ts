// One fuzzed HTTP/2 connection: played whole and in pieces, amid whatever else, with the same account both times,
// which is the right one where the server is honest.
import { seededRandom } from '../core/random.ts'
import { type GrpcAccount, replayGrpc } from './grpc-replay.ts'
import { GuardedReads } from './guarded-reads.ts'
import { grpcCase } from './http2-cases.ts'
import { randomCuts } from './mutate.ts'

// A read has at most 64 KiB on a real connection; here a whole case is one.
const CAPACITY_BYTES = 512 * 1024
const whole = new GuardedReads(0x00, CAPACITY_BYTES)
const pieces = [new GuardedReads(0xff, CAPACITY_BYTES, 7), new GuardedReads('stale', CAPACITY_BYTES)] as const

/**
 * @throws Error when the accounts differ, when an honest server is misunderstood, or when the connection breaks a rule of
 *   its own
 */
export function fuzzGrpc(seed: number, number: number): GrpcAccount {
  const script = grpcCase(seed, number)
  const account = replayGrpc(script, whole, [])
  const cuts = randomCuts(script.bytes.length, seededRandom(seed, `cuts ${number}`), script.starts)
  const again = replayGrpc(script, pieces[number % 2 === 0 ? 0 : 1], cuts)
  if (account.text !== again.text) throw new Error(`read whole:\n${account.text}read in pieces:\n${again.text}`)
  script.expected?.forEach((expected, place) => {
    const report = account.reports[place]
    if (report !== expected) throw new Error(`answer ${place} is reported as ${report}, and is ${expected}`)
  })
  return account
}
