// How load threads of the run's machine timed what they did, in words.
import type { Environment } from '../analysis/run-document.ts'

const TIMED = { kernel: 'answers timed by the kernel', thread: 'answers timed when they are read' } as const
const PRIORITY = { 'real-time': 'open loops at real-time priority', normal: 'no priority over other threads' } as const

export function loadThreadsText({ loadThreads }: Environment): string {
  if (loadThreads === null) return 'not recorded'
  return `${TIMED[loadThreads.answersTimedBy]}, ${PRIORITY[loadThreads.openLoopPriority]}`
}
