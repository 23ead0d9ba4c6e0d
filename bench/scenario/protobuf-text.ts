// Protobuf's text format, as far as model configurations go: fields of a message by name, each with the line that it is on.

export interface TextField {
  /** A word or number as it is written, a string without its quotes, or a message. */
  readonly value: string | TextMessage
  /** From 1. */
  readonly line: number
}

export type TextMessage = ReadonlyMap<string, readonly TextField[]>

interface Token {
  readonly text: string
  readonly line: number
}

/** Deeper than any configuration: bounds what a hostile file can do. */
const MAX_DEPTH = 32
const TOKEN = /#[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[{}<>[\]:,;]|[^\s{}<>[\]:,;#"']+|\n/g

/** `null` where it is no protobuf text. A list is a field that is there several times, as in the format itself. */
export function parseProtobufText(text: string): TextMessage | null {
  const reader = new Reader(tokensOf(text))
  const message = reader.message(null, 0)
  return reader.failed ? null : message
}

function tokensOf(text: string): Token[] {
  let line = 1
  return [...text.matchAll(TOKEN)].flatMap(([token]) => {
    if (token === '\n') line++
    return token === '\n' || token.startsWith('#') ? [] : [{ text: token, line }]
  })
}

class Reader {
  failed = false
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  /** @param end the bracket that closes it; null for the end of the file */
  message(end: string | null, depth: number): TextMessage {
    const fields = new Map<string, TextField[]>()
    for (let token = this.#next(); token !== null && token.text !== end; token = this.#next()) {
      if (token.text === ',' || token.text === ';') continue
      if (!/^[\w.-]+$/.test(token.text) || depth > MAX_DEPTH) this.failed = true
      if (this.failed) return fields
      this.#take(':')
      fields.set(token.text, [...(fields.get(token.text) ?? []), ...this.#values(depth)])
    }
    if (end !== null && this.#tokens[this.#at - 1]?.text !== end) this.failed = true
    return fields
  }

  #values(depth: number): TextField[] {
    if (!this.#take('[')) return this.#value(depth)
    const values: TextField[] = []
    while (!this.failed && !this.#take(']')) {
      if (!this.#take(',')) values.push(...this.#value(depth))
    }
    return values
  }

  #value(depth: number): TextField[] {
    const token = this.#next()
    if (token === null || ['}', '>', ']', ':', '['].includes(token.text)) {
      this.failed = true
      return []
    }
    const { text, line } = token
    if (text === '{' || text === '<') return [{ value: this.message(text === '{' ? '}' : '>', depth + 1), line }]
    return [{ value: /^["']/.test(text) ? text.slice(1, -1) : text, line }]
  }

  #next(): Token | null {
    return this.#tokens[this.#at++] ?? null
  }

  #take(text: string): boolean {
    if (this.#tokens[this.#at]?.text !== text) return false
    this.#at++
    return true
  }
}
