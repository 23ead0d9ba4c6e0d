// dyno's own version, from its package.json wherever it runs from (source or build).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_DIR } from './project.ts'

export const VERSION = String(JSON.parse(readFileSync(join(PACKAGE_DIR, 'package.json'), 'utf8')).version)
