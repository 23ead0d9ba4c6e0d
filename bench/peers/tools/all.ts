// Every load generator that is compared, dyno first.
import type { Peer } from '../peer.ts'
import { ab } from './ab.ts'
import { autocannon } from './autocannon.ts'
import { bombardier } from './bombardier.ts'
import { dyno, grpcJs } from './dyno.ts'
import { fortio } from './fortio.ts'
import { ghz } from './ghz.ts'
import { h2load } from './h2load.ts'
import { hey } from './hey.ts'
import { k6 } from './k6.ts'
import { oha } from './oha.ts'
import { perfAnalyzer } from './perf-analyzer.ts'
import { vegeta } from './vegeta.ts'
import { wrk } from './wrk.ts'

export const PEERS = [
  dyno,
  wrk,
  h2load,
  oha,
  bombardier,
  fortio,
  vegeta,
  hey,
  k6,
  ghz,
  perfAnalyzer,
  autocannon,
  grpcJs,
  ab,
] as const satisfies readonly Peer[]
