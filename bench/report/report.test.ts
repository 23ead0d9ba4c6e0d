import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadText } from '../analysis/load-text.ts'
import { problem } from '../analysis/problems.ts'
import { runSchema } from '../analysis/run-document.ts'
import { itWith } from '../testing/requirement.ts'
import { chromium as findChromium } from '../testing/requirements.ts'
import { loadsOf } from './cell-text.ts'
import { chartsOf } from './charts/all.ts'
import { subtitleOf } from './charts/theme.ts'
import { renderCsv } from './csv.ts'
import { findingsOf } from './findings.ts'
import { makeReportInput } from './fixture.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { renderPng, renderSvg } from './render-chart.ts'
import { renderTable } from './terminal.ts'
import { writeReport } from './write-report.ts'

const CHROMIUM = findChromium()
const input = makeReportInput()

let dir: string
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dyno-report-'))
  await writeReport(input, dir)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('the fixture', () => {
  it('is a run document', () => {
    expect(runSchema.safeParse(input.run).error).toBeUndefined()
  })
})

describe('a cell that sent nothing', () => {
  const cells = input.run.cells.map((cell) => ({ ...cell, requestsPerSec: null, inferencesPerSec: null }))
  const unmeasured = { ...input, run: { ...input.run, cells } }

  it('has no rate anywhere: not 0, and not in charts or findings', () => {
    const table = renderTable(unmeasured, { width: 120, colour: false })
    expect(table).not.toContain('0 [0–0]')
    expect(renderMarkdown(unmeasured)).not.toContain('0 [0–0]')
    expect(renderHtml(unmeasured, [])).not.toContain('0 [0–0]')
    expect(findingsOf(unmeasured).join()).not.toContain('Most inferences')
    expect(runSchema.safeParse(unmeasured.run).success).toBe(true)
    const [header = '', ...rows] = renderCsv(unmeasured).trim().split('\n')
    const at = header.split(',').indexOf('requests_per_sec')
    for (const row of rows.slice(0, 4)) expect(row.split(',')[at]).toBe('')
  })
})

describe('loads', () => {
  const [first] = input.run.cells
  const at = (concurrency: number, repetitions = 3) => {
    if (first === undefined) throw new Error('the fixture has no cells')
    return { ...first, repetitions, load: { model: 'closed', concurrency, connections: concurrency } as const }
  }
  const run = { ...input.run, cells: [at(1), at(16), at(2, 6), at(8)], comparisons: [] }

  it('come by their size everywhere: 1, 2, 8, 16 and not 1, 16, 2, 8', () => {
    expect(loadsOf(run.cells).map(loadText)).toEqual([1, 2, 8, 16].map((size) => `concurrency ${size}`))
    const html = renderHtml({ ...input, run }, [])
    const rows = [...html.matchAll(/<tr[^>]* data-load="concurrency (\d+)"/g)].map(([, size]) => Number(size))
    expect(rows).toEqual([1, 2, 8, 16])
  })

  it('are charted with the repetitions that their cells have', () => {
    expect(subtitleOf({ ...input, run }, '')).toContain('3 to 6 repetitions')
    expect(subtitleOf(input, '')).toMatch(/· \d+ repetitions? ·/)
  })
})

describe('the sentence of most inferences', () => {
  const open = {
    model: 'open',
    requestRate: 9000,
    profile: null,
    distribution: 'constant',
    maxInFlight: 64,
    connections: 64,
  } as const
  const [first, ...others] = input.run.cells
  const asked = (problems: (typeof others)[number]['problems']) => {
    if (first === undefined) throw new Error('the fixture has no cells')
    const rate = { value: 99_000, low: 98_000, high: 99_900 }
    const cells = [{ ...first, load: open, inferencesPerSec: rate, problems }, ...others]
    return findingsOf({ ...input, run: { ...input.run, cells } }).join('\n')
  }

  it('is not of a cell whose numbers mean nothing', () => {
    const cells = input.run.cells.map((cell) => ({
      ...cell,
      problems: cell.target === 'triton' ? [problem('outputs-disagree', 'not the same')] : cell.problems,
    }))
    const found = findingsOf({ ...input, run: { ...input.run, cells, comparisons: [] } }).join('\n')
    expect(found).toContain('Most inferences per second: flask')
    expect(found).not.toContain('lowest is triton')
  })

  it('is not of an open loop, which answers what it was asked for, unless the server could not follow', () => {
    expect(asked([])).toContain('Most inferences per second: triton at batch 8')
    expect(asked([{ code: 'saturated', message: '', remedy: '' }])).toContain('9,000 requests/s constant: 99,000')
  })
})

describe('the terminal table', () => {
  it('shows problems first, then a block per load, then what it means', () => {
    expect(renderTable(input, { width: 100, colour: false })).toMatchInlineSnapshot(`
      "
      ! <img src=x onerror=alert(1)>|"\`, batch 8, concurrency 8: 12 of 12 requests failed: <img src=x onerror=alert(1)>|"\` [error-rate]
        → mend the errors first

      concurrency 1
      batch  target              p50 ms            p99 ms         requests/s
          1  flask     2.00 [1.80–2.40]  6.00 [5.40–7.20]      480 [432–576]
          1  triton  0.900 [0.810–1.08]  2.70 [2.43–3.24]  1,050 [945–1,260]

      concurrency 8
      batch  target                                     p50 ms            p99 ms       requests/s
          8  flask                            16.0 [14.4–19.2]  48.0 [43.2–57.6]    450 [405–540]
          8  triton                           8.00 [7.20–9.60]  24.0 [21.6–28.8]  900 [810–1,080]
          8  <img src=x onerror=alert(1)>|"\`                 –                 –          0 [0–0]  !

      Batch 1, concurrency 1: lowest is triton with p99 2.70 [2.43–3.24] ms, before flask with 6.00 [5.40–7.20] ms.
      Most inferences per second: triton at batch 8, concurrency 8: 7,200 [6,480–8,640].
      triton against flask, p50: −55 % to −55 %; faster in 1 of 1 cells, slower in 0, not told apart in 0.

      gate: fail
      "
    `)
  })

  it.each([80, 100, 160])('fits %i columns', (width) => {
    const table = renderTable(input, { width, colour: false })
      .split('\n')
      .filter((line) => /^ +\d+ {2}/.test(line))
    expect(table.length).toBe(5)
    for (const line of table) expect(line.length).toBeLessThanOrEqual(width + 3)
  })
})

describe('the findings', () => {
  it('name a winner only where the intervals are apart', () => {
    expect(findingsOf(input)).toMatchInlineSnapshot(`
      [
        "Batch 1, concurrency 1: lowest is triton with p99 2.70 [2.43–3.24] ms, before flask with 6.00 [5.40–7.20] ms.",
        "Most inferences per second: triton at batch 8, concurrency 8: 7,200 [6,480–8,640].",
        "triton against flask, p50: −55 % to −55 %; faster in 1 of 1 cells, slower in 0, not told apart in 0.",
      ]
    `)
  })
})

describe('charts', () => {
  it.each(chartsOf(input).map((chart) => [chart.name, chart] as const))(
    '%s draws without a hole',
    async (_name, { spec }) => {
      const svg = await renderSvg(spec)
      expect(svg).not.toMatch(/NaN|undefined|Infinity/)
      expect(svg).toMatch(/batch size|percentile|time into the run/)
      const png = renderPng(svg)
      expect([...png.slice(1, 4)]).toEqual([0x50, 0x4e, 0x47])
      expect(png.length).toBeGreaterThan(10_000)
    },
  )

  it('are left out when there is nothing to show', () => {
    const empty = { run: { ...input.run, cells: input.run.cells.slice(-1), timeline: [] }, curves: [] }
    expect(chartsOf(empty).map(({ name }) => name)).toEqual([])
  })

  it('give a target the same colour everywhere', () => {
    const colours = chartsOf(input)
      .map(({ spec }) => JSON.stringify(spec))
      .flatMap((text) =>
        [...text.matchAll(/"domain":\["flask","triton".*?\],"range":(\["#.*?\])/g)].map(([, range]) => range),
      )
    expect(colours.length).toBeGreaterThanOrEqual(5)
    expect(new Set(colours).size).toBe(1)
  })
})

describe('cells.csv', () => {
  it('has a row a cell under one header, and holds no formula', () => {
    const formula = {
      run: { ...input.run, cells: input.run.cells.map((cell) => ({ ...cell, target: '=1+1' })) },
      curves: [],
    }
    const [header, ...rows] = renderCsv(formula).trimEnd().split('\n')
    expect(header?.split(',').slice(0, 6)).toEqual([
      'target',
      'batch_size',
      'load',
      'engine',
      'repetitions',
      'latency_p50_ms',
    ])
    expect(rows).toHaveLength(5)
    for (const row of rows) expect(row).toMatch(/^'=1\+1,/)
  })
})

describe('report.md', () => {
  it('escapes what strangers wrote, and shows problems above the tables', () => {
    const text = renderMarkdown(input)
    expect(text).not.toContain('<img')
    expect(text.indexOf('## Problems')).toBeLessThan(text.indexOf('## concurrency 1'))
    for (const { name } of chartsOf(input)) expect(text).toContain(`charts/${name}.svg`)
  })
})

describe('report.html', () => {
  it('asks the network for nothing, and takes no markup from strangers', () => {
    const html = renderHtml(input, [])
    expect(html).not.toContain('<img')
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(html).not.toMatch(/(?:src|href)=["']?https?:/)
    expect(html).toContain("default-src 'none'")
  })

  it('lies beside everything else in the run directory', () => {
    expect(readdirSync(dir).sort()).toEqual(['cells.csv', 'charts', 'report.html', 'report.md', 'run.json'])
    expect(JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8'))).toEqual(input.run)
    expect(readdirSync(join(dir, 'charts'))).toHaveLength(3 * chartsOf(input).length)
  })

  itWith(
    CHROMIUM,
    'sorts and filters in a browser, without an error',
    async (program) => {
      const args = [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-sync',
      ]
      const browser = await chromium.launch({ executablePath: program, args })
      try {
        const page = await browser.newPage({ viewport: { width: 390, height: 800 } })
        const errors: string[] = []
        page.on('pageerror', (error) => errors.push(error.message))
        page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
        await page.goto(`file://${join(dir, 'report.html')}`)
        const column = () => page.locator('#cells tbody tr:visible td:nth-child(4)').allTextContents()
        const p50 = page.locator('#cells th', { hasText: 'p50' }).locator('button').first()
        await p50.click()
        expect((await column()).map((text) => text.split(' ')[0])).toEqual(['0.900', '2.00', '8.00', '16.0', '–'])
        await p50.click()
        expect((await column()).map((text) => text.split(' ')[0])).toEqual(['16.0', '8.00', '2.00', '0.900', '–'])
        await page.locator('input[value="triton"]').uncheck()
        expect(await column()).toHaveLength(3)
        expect(await page.locator('figure svg').count()).toBe(chartsOf(input).length)
        // The page itself never scrolls sideways: tables and charts do, inside their frames.
        expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
        expect(errors).toEqual([])
      } finally {
        await browser.close()
      }
    },
    60_000,
  )
})
