// docs/scenario.md: the reference page of the scenario file, made from its schema.
import { mapForms, type SchemaNode } from './schema-tree.ts'

interface Section {
  readonly title: string
  readonly node: SchemaNode
}

const INTRODUCTION = `# The scenario file

Generated from the schema in \`bench/scenario/schema.ts\` by \`npm run generate\`.

A scenario is YAML (or JSON). Unknown fields are errors. Durations and percentages carry their unit: \`250ms\`, \`5s\`,
\`1.5m\`, \`2h\`, \`10%\`. An editor with a YAML language server completes and checks a file that begins with
\`# yaml-language-server: $schema=./scenario.schema.json\`. Every field can be changed from the command line:
\`--set measure.duration=2s --set servers.flask.workers=2 --set matrix.batchSize=[1,8] --set matrix.load[0].concurrency=4\`.
\`dyno plan SCENARIO.yaml\` checks a file, reports all its problems at once, and prints what would run.
`

export function renderScenarioPage(root: SchemaNode): string {
  const sections = [{ title: 'Scenario', node: root }, ...sectionsOf(root, '')]
  return [INTRODUCTION, ...sections.map(renderSection)].join('\n')
}

/** Every map below a node, depth first: a section each, and one per form where a map has several. */
function sectionsOf(node: SchemaNode, path: string): Section[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const { inner, suffix } = unwrap(child)
    const childPath = `${path}${key}${suffix}`
    const forms = mapForms(inner)
    return forms.flatMap((form) => [
      { title: `\`${childPath}\`${forms.length > 1 ? `, ${formName(form)}` : ''}`, node: form },
      ...sectionsOf(form, `${childPath}.`),
    ])
  })
}

/** Lists and maps of names are described by what they hold. */
function unwrap(node: SchemaNode): { readonly inner: SchemaNode; readonly suffix: string } {
  if (node.items !== undefined) return { inner: node.items, suffix: '[]' }
  if (typeof node.additionalProperties === 'object') return { inner: node.additionalProperties, suffix: '.NAME' }
  return { inner: node, suffix: '' }
}

function formName(form: SchemaNode): string {
  if (form.title !== undefined) return form.title
  const [key, told] = Object.entries(form.properties ?? {}).find(([, node]) => wordsOf(node).length > 0) ?? []
  return `\`${key}: ${wordsOf(told ?? {}).join(' | ')}\``
}

function renderSection({ title, node }: Section): string {
  const rows = Object.entries(node.properties ?? {}).map(
    ([key, child]) =>
      `| \`${key}\` | ${typeOf(child)} | ${defaultOf(child, node.required?.includes(key) ?? false)} | ${cell(child.description ?? '')} |`,
  )
  const described = node.description === undefined ? [] : [node.description, '']
  return [
    `## ${title}`,
    '',
    ...described,
    '| field | type | default | description |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

function typeOf(node: SchemaNode): string {
  const words = wordsOf(node)
  if (words.length > 0) return words.map((word) => `\`${word}\``).join(' \\| ')
  const { title } = node
  const limits = limitsOf(node.items?.title === undefined ? node : { ...node, ...limitsNode(node.items) })
  if (title !== undefined) return cell(`${title}${limits}`)
  return typeof node.additionalProperties === 'object' ? 'map by name' : 'map'
}

function limitsNode({ minimum, maximum }: SchemaNode): SchemaNode {
  return { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) }
}

/** zod writes the largest safe integer where a whole number has no other limit. */
function limitsOf({ minimum, maximum }: SchemaNode): string {
  if (minimum === undefined || maximum === undefined) return ''
  return maximum === Number.MAX_SAFE_INTEGER ? `, at least ${minimum}` : `, ${minimum} to ${maximum}`
}

function defaultOf({ default: value }: SchemaNode, required: boolean): string {
  if (required) return '**required**'
  if (value === undefined || JSON.stringify(value) === '{}') return '–'
  return value === '' ? 'empty' : `\`${cell(typeof value === 'string' ? value : JSON.stringify(value))}\``
}

function wordsOf({ enum: words, const: only }: SchemaNode): string[] {
  return (words ?? (only === undefined ? [] : [only])).map(String)
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** Paths of all fields without a description: the page and the editors would have nothing to say about them. */
export function undescribed(node: SchemaNode, path = ''): string[] {
  const named = [
    ...Object.entries(node.properties ?? {}),
    ...(typeof node.additionalProperties === 'object' ? [['NAME', node.additionalProperties] as const] : []),
    ...(node.items === undefined ? [] : [['[]', node.items] as const]),
  ]
  const own = named.flatMap(([key, child]) => {
    const here = path === '' ? key : `${path}.${key}`
    // A union of maps is described form by form.
    const missing = child.description === undefined && mapForms(child).length <= 1 ? [here] : []
    return [...missing, ...undescribed(child, here)]
  })
  const forms = (node.anyOf ?? node.oneOf ?? []).filter((form) => form.properties !== undefined)
  return [
    ...own,
    ...forms.flatMap((form) => [
      ...(form.description === undefined ? [`${path} (a form)`] : []),
      ...undescribed(form, path),
    ]),
  ]
}
