/**
 * `python -m SimpleHTTPServer [port]` and `python3 -m http.server [port]`: serves the files of the folder as they are when it
 * starts, until it is killed; without `&` it goes on by itself and the script, too, goes on. Other programs in Python are
 * not modelled.
 * @module
 */
import { startHttpServer, type PageBody } from '../app/http-server.ts'
import { errnoText } from '../host/errno.ts'
import { formatIp, IPV4_ANY, isIpv6, parseIp } from '../wire/address.ts'
import { processesOf } from './processes.ts'
import { Interrupted } from './shell/shell-task.ts'
import { printed, refused, unsupported, type Tool } from './tool.ts'

/** The tool, under either name. */
export const python: Tool = async ({ host, argv, cwd, waiter, isBackground }) => {
  const [option, module, ...rest] = argv
  if (option !== '-m' || (module !== 'SimpleHTTPServer' && module !== 'http.server')) {
    return unsupported(
      option === '-m' ? module ?? '-m' : option ?? 'python',
      'python: only -m SimpleHTTPServer and -m http.server are modelled',
    )
  }
  const bindAt = rest.findIndex((word) => word === '--bind' || word === '-b')
  const bound = bindAt < 0 ? IPV4_ANY : parseIp(rest[bindAt + 1] ?? '')
  const [portText = '8000'] = rest.filter(
    (word, index) => !word.startsWith('-') && (bindAt < 0 || index !== bindAt + 1),
  )
  const port = Number(portText)
  if (bound === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
    return refused(`server: error: argument port: invalid int value: '${portText}'\n`, 2)
  }
  const pages = new Map<string, PageBody>()
  const root = cwd === '/' ? '' : cwd
  for (const [path, text] of host.files) if (path.startsWith(`${root}/`)) pages.set(path.slice(root.length), { text })
  const index = pages.get('/index.html')
  pages.set('/', index ?? { text: listing([...pages.keys()]) })
  const started = startHttpServer(host, { addr: bound, port, name: 'SimpleHTTP/0.6 Python/3.11.2', pages })
  if (!started.ok) {
    const number = started.error === 'EADDRNOTAVAIL' ? 99 : 98
    return refused(`OSError: [Errno ${number}] ${errnoText(started.error)}\n`, 1)
  }
  const processes = processesOf(host)
  let killed: (() => void) | undefined
  const stop = (): void => {
    started.value.stop()
    processes.end(entry.pid)
    killed?.()
  }
  const entry = processes.start('python3', stop)
  if (isBackground === true) {
    try {
      await waiter.waitFor((resume) => {
        killed = resume
      }, Infinity)
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      stop()
    }
  }
  const at = formatIp(bound)
  return printed(`Serving HTTP on ${at} port ${port} (http://${isIpv6(bound) ? `[${at}]` : at}:${port}/) ...\n`)
}

/** The page for a folder without an index. */
function listing(paths: readonly string[]): string {
  const names = [...new Set(paths.map((path) => path.slice(1).replace(/\/.*/, '/')))].sort()
  const items = names.map((name) => `<li><a href="${name}">${name}</a></li>\n`).join('')
  return `<html>\n<head>\n<title>Directory listing for /</title>\n</head>\n<body>\n<ul>\n${items}</ul>\n</body>\n</html>\n`
}
