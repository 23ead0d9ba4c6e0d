// What a person sees while a run goes on: a live block in a terminal, plain lines elsewhere, nothing when quiet.
import pc from 'picocolors'
import type { TextStream } from './cli/command.ts'
import { plainText } from './core/plain-text.ts'
import { formatCount, formatMs } from './core/units.ts'
import type { PhaseProgress } from './load/types.ts'
import type { Trial } from './plan/types.ts'

export interface Progress {
  /** Something that takes a while begins. */
  step(text: string): void
  /** A line that stays. */
  note(text: string): void
  trial(position: {
    readonly trial: Trial
    readonly index: number
    readonly total: number
    readonly leftMs: number
  }): void
  /** Numbers of the trial that runs now. */
  update(progress: PhaseProgress): void
  /** Removes what moves; what stays is left alone. */
  close(): void
}

export type ProgressMode = 'live' | 'plain' | 'quiet'

export function createProgress(stream: TextStream, mode: ProgressMode): Progress {
  if (mode === 'quiet') return { step() {}, note() {}, trial() {}, update() {}, close() {} }
  const progress = mode === 'live' ? liveProgress(stream) : plainProgress(stream)
  // What servers say is in steps and notes.
  return {
    ...progress,
    step: (text) => progress.step(plainText(text)),
    note: (text) => progress.note(plainText(text)),
  }
}

/** At most one line about trials in this time: a CI log of a long run stays readable. */
const PLAIN_LINE_EVERY_MS = 5000

function plainProgress(stream: TextStream): Progress {
  let lastLineMs = Number.NEGATIVE_INFINITY
  const line = (text: string) => stream.write(`${text}\n`)
  return {
    step: line,
    note: line,
    trial(position) {
      const due = performance.now() - lastLineMs >= PLAIN_LINE_EVERY_MS
      if (!due && position.index + 1 < position.total) return
      lastLineMs = performance.now()
      line(`trial ${position.index + 1} of ${position.total}: ${position.trial.id}, ${formatMs(position.leftMs)} left`)
    },
    update() {},
    close() {},
  }
}

function liveProgress(stream: TextStream): Progress {
  const startedMs = performance.now()
  let shown = 0
  let head = ''
  let numbers = ''
  let bar = ''
  const erase = () => {
    // Up over the block's lines, then clear to the end of the screen.
    if (shown > 0) stream.write(`\x1b[${shown}A\r\x1b[J`)
    shown = 0
  }
  const draw = () => {
    erase()
    const lines = [numbers === '' ? head : `${head}   ${numbers}`, bar].filter((text) => text !== '')
    const width = (stream.columns ?? 80) - 1
    for (const text of lines) stream.write(`${text.slice(0, width)}\n`)
    shown = lines.length
  }
  return {
    step(text) {
      head = `… ${text}`
      numbers = ''
      bar = ''
      draw()
    },
    note(text) {
      erase()
      stream.write(`${text}\n`)
      draw()
    },
    trial({ trial, index, total, leftMs }) {
      const load =
        trial.load.model === 'closed' ? `concurrency ${trial.load.concurrency}` : `${trial.load.requestRate}/s`
      head = `${trial.target}  batch ${trial.batchSize}  ${load}  repetition ${trial.repetition}`
      numbers = ''
      const filled = Math.round((30 * index) / total)
      const elapsed = formatMs(performance.now() - startedMs)
      bar = `${'█'.repeat(filled)}${'░'.repeat(30 - filled)}  ${index + 1}/${total}  ${elapsed} elapsed, ${formatMs(leftMs)} left`
      draw()
    },
    update({ requestsPerSec, p99Ms, failed }) {
      const errors = failed > 0 ? pc.red(`  ${formatCount(failed)} failed`) : ''
      numbers = `${formatCount(requestsPerSec)} requests/s  p99 ${p99Ms === null ? '–' : formatMs(p99Ms)}${errors}`
      draw()
    },
    close: erase,
  }
}
