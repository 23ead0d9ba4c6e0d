// dyno doctor: what this machine has, and how to get what is missing.
import pc from 'picocolors'
import { defineCommand, takesEscapes } from '../cli/command.ts'
import { BenchError, EXIT } from '../core/errors.ts'
import { loadThreadAbilities } from '../event-loop/create-event-loop.ts'
import type { LoadThreadAbilities } from '../event-loop/types.ts'
import { placeOf } from '../project.ts'
import { diagnose } from '../runtime/doctor.ts'

const MARK = { ok: 'ok', warning: 'note', missing: 'missing' } as const

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'what this machine has, and how to get what is missing',
  details: 'Looks at everything that a run may need and says how to get what is missing. Changes nothing.',
  operands: [],
  flags: { json: { kind: 'switch', description: 'Prints the findings as JSON.' } },
  examples: ['dyno doctor'],
  async run({ flags }, context) {
    const findings = await diagnose({
      ...placeOf(context),
      loadThreads: loadThreads(),
    })
    if (flags.json) {
      context.stdout.write(`${JSON.stringify(findings, null, 2)}\n`)
      return EXIT.ok
    }
    const paint = pc.createColors(takesEscapes(context.stdout, context.env))
    const colours = { ok: paint.green, warning: paint.yellow, missing: paint.red } as const
    const width = Math.max(...findings.map(({ name }) => name.length))
    for (const { name, status, detail, remedy } of findings) {
      context.stdout.write(`${colours[status](MARK[status].padEnd(8))}${name.padEnd(width)}  ${detail}\n`)
      if (remedy !== null) context.stdout.write(`${' '.repeat(8 + width)}  → ${remedy}\n`)
    }
    return EXIT.ok
  },
})

function loadThreads(): LoadThreadAbilities | BenchError {
  try {
    return loadThreadAbilities()
  } catch (problem) {
    if (problem instanceof BenchError) return problem
    throw problem
  }
}
