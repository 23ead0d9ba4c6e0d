// The user's problems, as one error class with a stable code. Bugs are ordinary throws; request failures are records.

/** Exit codes of the contract: what a shell or a CI job sees. */
export const EXIT = {
  ok: 0,
  gateFailed: 1,
  usage: 2,
  untrusted: 3,
  environment: 4,
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The signals that end a command, each with the exit code that a shell gives them. */
export const EXIT_BY_SIGNAL = { SIGHUP: EXIT.hangup, SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const

export type EndingSignal = keyof typeof EXIT_BY_SIGNAL

/** What went wrong, by whose fault, and so with which exit code. */
const EXIT_BY_KIND = {
  usage: EXIT.usage,
  scenario: EXIT.usage,
  environment: EXIT.environment,
  untrusted: EXIT.untrusted,
} as const

export type BenchErrorKind = keyof typeof EXIT_BY_KIND

export interface BenchErrorDetails {
  readonly kind: BenchErrorKind
  /** Stable and greppable, e.g. `python-missing`. */
  readonly code: string
  /** One sentence that says what happened, with the offending value. */
  readonly message: string
  /** The next thing to type or change. */
  readonly hint?: string
  /** Where: `file:line:col`, a flag, a server's name. */
  readonly place?: string
  /** Lines that help to see why, such as the end of a server's log. */
  readonly evidence?: readonly string[]
  readonly cause?: unknown
}

/** A problem that the user can mend. Printed without a stack, by the CLI alone. */
export class BenchError extends Error {
  override readonly name = 'BenchError'
  readonly kind: BenchErrorKind
  readonly code: string
  readonly hint: string | undefined
  readonly place: string | undefined
  readonly evidence: readonly string[]

  constructor(details: BenchErrorDetails) {
    super(details.message, { cause: details.cause })
    this.kind = details.kind
    this.code = details.code
    this.hint = details.hint
    this.place = details.place
    this.evidence = details.evidence ?? []
  }

  get exitCode(): ExitCode {
    return EXIT_BY_KIND[this.kind]
  }
}

/** Several problems found together: a scenario's validation returns all of them at once. */
export class BenchErrors extends Error {
  override readonly name = 'BenchErrors'
  readonly problems: readonly BenchError[]

  constructor(problems: readonly BenchError[]) {
    super(problems.map((problem) => problem.message).join('\n'))
    this.problems = problems
  }

  get exitCode(): ExitCode {
    return this.problems[0]?.exitCode ?? EXIT.usage
  }
}

/** The message of anything that was thrown, for a line of text. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
