// What has to be known of a load generator to measure it: where it is, how it is started, how its report is read.
import type { Work, WorkName } from './works.ts'

/** One start of a client. Every path is absolute. */
export interface PeerJob {
  readonly work: Work
  /** Of the request, whole; over gRPC that of the method, for clients that know HTTP/2 only. */
  readonly url: string
  /** `host:port` */
  readonly address: string
  /** Of an HTTP server with the same model: dyno looks at it before it loads a gRPC server. */
  readonly httpUrl: string
  /** For how long the client is to send. */
  readonly seconds: number
  /** The request's body; over gRPC with the five bytes that go before a message. */
  readonly bodyFile: string
  /** The gRPC message alone, and the same as JSON. */
  readonly messageFile: string
  readonly messageJsonFile: string
  readonly protoFile: string
  /** The client runs in it. */
  readonly folder: string
}

export interface PeerCommand {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Text by name, written into the job's folder before the start. */
  readonly files?: Readonly<Record<string, string>>
  /** What it writes its report to, in the job's folder, beside its standard output. */
  readonly reportFile?: string
  /** Arguments of a second start, after the load and in any folder, which prints the report. */
  readonly reportArgs?: readonly string[]
}

/** What a client left behind; `file` is empty where it writes none. */
export interface PeerOutput {
  readonly stdout: string
  readonly file: string
}

/** null if the tool does not tell. Where `ok` is false, requests failed, and its figures are of something else. */
export type PeerReport =
  | { readonly ok: true; readonly p50Ms: number | null; readonly p99Ms: number | null }
  | { readonly ok: false; readonly reason: string }

export interface Peer {
  readonly name: string
  /** Looked for on PATH; an absolute path is taken as it is. */
  readonly binary: string
  readonly works: readonly WorkName[]
  /** null if it has no way to tell its version. */
  readonly versionArgs: readonly string[] | null
  /** Its first group is the version. Default: the first thing that looks like one. */
  readonly versionPattern?: RegExp
  /** Exit codes of a run that measured. Default: 0. */
  readonly goodExitCodes?: readonly number[]
  command(job: PeerJob): PeerCommand
  /** Pure. @throws Error for a report that has another form */
  parse(output: PeerOutput): PeerReport
}
