// Every command, in the order of the help: the one list that the command line, its help and the docs are made of.
import type { Command } from '../cli/command.ts'
import { baselineCommand } from './baseline.ts'
import { calibrateCommand } from './calibrate.ts'
import { cleanCommand } from './clean.ts'
import { compareCommand } from './compare.ts'
import { doctorCommand } from './doctor.ts'
import { downCommand } from './down.ts'
import { gateCommand } from './gate.ts'
import { historyCommand } from './history.ts'
import { imageCommand } from './image.ts'
import { planCommand } from './plan.ts'
import { reportCommand } from './report.ts'
import { runCommand } from './run.ts'
import { upCommand } from './up.ts'

export const COMMANDS: readonly Command[] = [
  runCommand,
  planCommand,
  reportCommand,
  compareCommand,
  historyCommand,
  gateCommand,
  baselineCommand,
  calibrateCommand,
  upCommand,
  downCommand,
  imageCommand,
  doctorCommand,
  cleanCommand,
]
