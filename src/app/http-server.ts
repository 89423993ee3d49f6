/**
 * An HTTP server: pages by path, a status, a service time, workers. It says who it is in the `Server` header.
 * Conditional requests, ranges and compression are not modelled; every method is answered like GET, HEAD
 * without the body.
 * @module
 */
import type { Result } from '../base/result.ts'
import type { Errno } from '../host/errno.ts'
import type { AppHost } from './app-host.ts'
import { findHeader, httpBytes, type HttpMessage, HttpReader } from './http-text.ts'
import type { RunningServer } from './lab-server.ts'
import { type Answer, type Conversation, RequestServer, type RequestServerOptions } from './request-server.ts'

/** The body of an answer: a text, or a size to be filled. */
export type PageBody = { readonly text: string } | { readonly sizeBytes: number }

/** How an HTTP server answers. */
export interface HttpServerOptions extends RequestServerOptions {
  /** What it calls itself. */
  readonly name: string
  /** Body for every path that `pages` does not list. Without both, the name and a newline. */
  readonly page?: PageBody
  /** Bodies by path, without the query. Without `page`, any other path is 404. */
  readonly pages?: ReadonlyMap<string, PageBody>
  /** Status of the answers; 200 unless given. */
  readonly status?: number
  /** Closes after each answer; otherwise when the client wants it. True unless given. */
  readonly closes?: boolean
}

/** Reason phrases (RFC 9110 15). */
const REASONS = new Map<number, string>([
  [200, 'OK'], [201, 'Created'], [204, 'No Content'], [301, 'Moved Permanently'], [302, 'Found'],
  [304, 'Not Modified'], [400, 'Bad Request'],
  [401, 'Unauthorized'], [403, 'Forbidden'], [404, 'Not Found'], [500, 'Internal Server Error'], [502, 'Bad Gateway'],
  [503, 'Service Unavailable'], [504, 'Gateway Timeout'],
])

/** Starts an HTTP server. */
export function startHttpServer(host: AppHost, options: HttpServerOptions): Result<RunningServer, Errno> {
  const pages = new Pages(options)
  return RequestServer.start(host, options, () => new HttpConversation(pages, options.closes ?? true))
}

/** The answers of a server, each made once. */
class Pages {
  readonly #options: HttpServerOptions
  readonly #answers = new Map<string, Answer>()

  constructor(options: HttpServerOptions) {
    this.#options = options
  }

  answer(path: string, method: string, closes: boolean): Answer {
    const { page, pages, status = 200, name } = this.#options
    const listed = pages?.get(path)
    const known = listed ?? page ?? (pages === undefined ? { text: `${name}\n` } : undefined)
    if (known === undefined) return this.#make(404, 'text/plain', { text: '404 Not Found\n' }, method, closes)
    // Paths and methods come from clients: only what is listed gets a key of its own, or a client could fill the memory.
    const key = `${closes ? 'close' : 'keep'} ${method === 'HEAD' ? 'HEAD' : 'GET'} ${listed === undefined ? '*' : path}`
    let answer = this.#answers.get(key)
    if (answer === undefined) {
      answer = this.#make(status, 'text/html', known, method, closes)
      this.#answers.set(key, answer)
    }
    return answer
  }

  bad(): Answer {
    return this.#make(400, 'text/plain', { text: '400 Bad Request\n' }, 'GET', true)
  }

  #make(status: number, type: string, page: PageBody, method: string, closes: boolean): Answer {
    const body = 'text' in page ? httpBytes(page.text) : new Uint8Array(page.sizeBytes).fill(0x2e)
    const head = httpBytes([
      `HTTP/1.1 ${status} ${REASONS.get(status) ?? 'Unknown'}`, `Server: ${this.#options.name}`, `Content-Type: ${type}`,
      `Content-Length: ${body.length}`, `Connection: ${closes ? 'close' : 'keep-alive'}`, '', '',
    ].join('\r\n'))
    if (method === 'HEAD') return { bytes: head, closes }
    const bytes = new Uint8Array(head.length + body.length)
    bytes.set(head)
    bytes.set(body, head.length)
    return { bytes, closes }
  }
}

class HttpConversation implements Conversation {
  readonly #pages: Pages
  readonly #closes: boolean
  readonly #reader = new HttpReader('requests')
  #request: HttpMessage | undefined

  constructor(pages: Pages, closes: boolean) {
    this.#pages = pages
    this.#closes = closes
  }

  receive(bytes: Uint8Array): void {
    this.#reader.push(bytes)
  }

  next(): Answer | undefined {
    for (;;) {
      const event = this.#reader.next()
      if (event === undefined) return undefined
      if (event.kind === 'malformed') return this.#pages.bad()
      if (event.kind === 'head') this.#request = event.message
      if (event.kind === 'end' && this.#request !== undefined) return this.#answer(this.#request)
    }
  }

  #answer(request: HttpMessage): Answer {
    const [method = '', target = '', version = ''] = request.startLine.split(' ')
    const connection = findHeader(request, 'connection')?.toLowerCase() ?? ''
    const wantsClose = version === 'HTTP/1.0' ? connection !== 'keep-alive' : connection === 'close'
    return this.#pages.answer(target.replace(/[?#].*$/, ''), method, this.#closes || wantsClose)
  }
}
