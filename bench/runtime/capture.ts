// Runs a short program to its end and gives what it printed: for asking an interpreter or a tool about itself.
import { execFile } from 'node:child_process'

const MAX_OUTPUT_BYTES = 1024 * 1024

export interface Captured {
  /** `null` where it could not be started or ran past its time. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Never throws: a program that is absent or hangs is an answer too. */
export function capture(
  command: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly env?: NodeJS.ProcessEnv },
): Promise<Captured> {
  return new Promise((resolve) => {
    const limits = { timeout: options.timeoutMs, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const
    execFile(command, args, { ...limits, env: options.env ?? process.env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
      resolve({ code, stdout, stderr })
    })
  })
}
