/**
 * The verbs of `lvsim` and their options. What a verb does is loaded when it is used, so that `--help` starts fast.
 * @module
 */
import { Command, Option } from 'commander'
import { EXIT_MEANINGS, type ExitCode } from './exit-codes.ts'
import { say } from './terminal.ts'
import { VERSION } from './version.ts'

const OUTPUT_HELP = `
Exit codes:
${EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`).join('\n')}

Data goes to stdout, everything else to stderr. NO_COLOR and FORCE_COLOR are obeyed.`

/** Takes what a verb came to. */
type Finish = (code: ExitCode) => void
/** Adds a verb to the program: usage, what it does, and examples that run in this project's folder. */
type AddVerb = (usage: string, about: string, examples: readonly string[]) => Command

/** The program with all its verbs. `finish` is told the exit code of the one that ran. */
export function makeProgram(finish: Finish): Command {
  const program = new Command('lvsim')
    .description('Simulates Linux Virtual Server clusters packet by packet: NAT, DR and TUN, side by side, without root.')
    .version(VERSION)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: (text) => say(text.trimEnd()) })
    .addHelpText('after', OUTPUT_HELP)
  const verb: AddVerb = (usage, about, examples) =>
    program
      .command(usage)
      .description(about)
      .exitOverride()
      .showSuggestionAfterError()
      .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ lvsim ${line}`).join('\n')}`)
  addRuns(verb, finish)
  addLooks(verb, finish)
  addFairness(verb, finish)
  addFiles(verb, finish)
  addLabs(verb, finish)
  addBench(program, finish)
  return program
}

function addRuns(verb: AddVerb, finish: Finish): void {
  withRunOptions(
    verb('run <file>', 'run a scenario and show what happened', [
      'run scenarios/tutorial-nat.lvs.yaml',
      'run scenarios/first.lvs.yaml --trace --seed 7',
      'run scenarios/first.lvs.yaml --pcap out --json',
      'run scenarios/replay.lvs.yaml --mode nat',
      'run scenarios/schedulers/lottery.lvs.yaml --scheduler scenarios/schedulers/lottery.mjs',
    ]),
  )
    .option('--mode <mode>', 'build the cluster of the file for this mode: nat, dr or tun')
    .action(async (file: string, options) => finish(await (await import('./run-command.ts')).runCommand(file, options)))
  withRunOptions(
    verb('compare <file>', 'run a cluster under NAT, DR and TUN: same traffic, same seed, side by side', [
      'compare scenarios/compare.lvs.yaml',
      'compare scenarios/first.lvs.yaml --json',
    ]),
  ).action(async (file: string, options) => {
    finish(await (await import('./compare-command.ts')).compareCommand(file, options))
  })
}

function addLooks(verb: AddVerb, finish: Finish): void {
  verb('show <file> [command...]', 'run a scenario up to a moment and run a command there, or show how its rules came to be', [
    'show scenarios/first.lvs.yaml --mode nat --at 400ms --on lb -- ipvsadm -Lnc',
    'show scenarios/tutorial-dr.lvs.yaml --at 1s --on director -- ipvsadm -Ln --stats',
    'show scenarios/first.lvs.yaml --rules',
    'show scenarios/first.lvs.yaml --rules --mode tun --on lb --json',
    'show scenarios/first.lvs.yaml --rules --since 100ms',
  ])
    .option('--on <host>', 'the host that runs the command, or whose rules are shown')
    .option('--rules', 'instead of a command: each change of the rules of IPVS, by whom and when, as a diff')
    .addOption(schedulerOption())
    .option('--since <time>', 'with --rules: one diff of all changes after this moment, counted as --at')
    .option('--at <time>', 'this long after the last setup was over; the end unless given')
    .option('--mode <mode>', 'nat, dr or tun')
    .option('--seed <seed>', 'instead of that of the file')
    .option('--json', 'print one JSON document')
    .action(async (file: string, command: string[], options) => {
      finish(await (await import('./show-command.ts')).showCommand(file, command, options))
    })
  verb(
    'explain <file-or-code>',
    'tell the way of a packet or a connection: each hop, what changed, why it died; of a lab, why its steps failed',
    [
      'explain scenarios/tutorial-nat.lvs.yaml --packet 12',
      'explain scenarios/arp-problem.lvs.yaml --connection 10.0.0.10:40001',
      'explain test/kernel/labs/forward/nat2-gateway-none.json',
      'explain LVS1060',
    ],
  )
    .option('--packet <number>', 'the packet, as numbered by --trace')
    .option('--connection <address:port>', "the client's end of a connection")
    .addOption(schedulerOption())
    .option('--mode <mode>', 'nat, dr or tun')
    .option('--seed <seed>', 'instead of that of the file')
    .option('--json', 'print one JSON document')
    .action(async (file: string, options) => {
      finish(await (await import('./explain-command.ts')).explainCommand(file, options))
    })
}

function addFairness(verb: AddVerb, finish: Finish): void {
  verb('fairness <schedulers>', 'compare schedulers, fast and without packets: who gets how much, and how long clients wait', [
    'fairness wlc,sed,nq,rr --weights 5,1,1 --connections 50000',
    'fairness sh,mh --weights 1x8 --clients 50 --persistent 300s --connections 20000',
    "fairness lc,twos --weights 1x100 --arrivals 'pareto shape 1.5' --work 'lognormal 20ms cv 2' --connections 20000 --json",
    'fairness wlc,lottery --weights 3,1 --scheduler scenarios/schedulers/lottery.mjs --connections 20000',
    "fairness wrr,wlc --weights 2,1 --work 'constant 100ms' --level packet --connections 500",
  ])
    .option('--weights <list>', 'of the real servers; 1x8 stands for eight of weight 1', '1x4')
    .option('--speeds <list>', 'work that each does; as the weights unless given')
    .option('--workers <count>', 'connections that a server works on at once, or none where nobody waits', '1')
    .option('--shared', 'servers work on all connections at once, instead of first come, first served')
    .option('--arrivals <law>', "poisson, constant or pareto, with a rate or not: 'poisson 200/s', 'pareto shape 1.5'", 'poisson')
    .option('--load <share>', 'of what the servers can do, where the arrivals have no rate (default: 0.8)')
    .option('--work <law>', 'of a connection: constant, exponential, uniform, pareto or lognormal', 'exponential 100ms')
    .option('--connections <count>', 'in all; the first tenth does not count (default: 1000000; 20000 with packets)')
    .option('--clients <count>', 'addresses that they come from; few stand for NAT (default: 10000; 100 with packets)')
    .option('--persistent <time>', 'persistence: a client stays with its server')
    .option('--fin <time>', 'how long a connection counts as inactive after its end; 0s for not at all', '120s')
    .option('--window <count>', 'connections in a row of which the worst are shown (default: ten rounds of the weights)')
    .addOption(schedulerOption())
    .option('--level <level>', 'connection, or packet: the same by hosts that send packets, much slower', 'connection')
    .option('--seed <seed>', 'of arrivals, work and clients, which are the same for all schedulers', '42')
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .action(async (list: string, options) => {
      finish(await (await import('./fairness-command.ts')).fairnessCommand(list, options))
    })
}

function addFiles(verb: AddVerb, finish: Finish): void {
  verb('validate <file...>', 'check scenario files without running them', [
    'validate scenarios/first.lvs.yaml',
    'validate scenarios/*.lvs.yaml --json',
  ])
    .addOption(schedulerOption())
    .option('--json', 'print one JSON document')
    .action(async (files: string[], options) => {
      finish(await (await import('./validate-command.ts')).validateCommand(files, options))
    })
  verb('setup <file>', 'print the commands of each host, ready for real machines', [
    'setup scenarios/first.lvs.yaml --mode dr',
    'setup scenarios/first.lvs.yaml --mode nat --host lb',
  ])
    .option('--mode <mode>', 'nat, dr or tun')
    .option('--host <name>', 'only this host')
    .action(async (file: string, options) => {
      finish(await (await import('./setup-command.ts')).setupCommand(file, options))
    })
  verb('init [file]', 'write a first scenario to start from', ['init my.lvs.yaml', 'init -']).action(
    async (file: string | undefined) => finish(await (await import('./init-command.ts')).initCommand(file)),
  )
  verb('schema', 'print the JSON Schema of scenario files, for editors', [
    'schema',
    'schema > lvsim.schema.json',
  ]).action(async () => finish(await (await import('./schema-command.ts')).schemaCommand()))
}

function addLabs(verb: AddVerb, finish: Finish): void {
  verb('record <path>', 'play a lab, or a folder of labs, and write what happened', [
    'record test/kernel/labs/forward/dr-lan.json -o dr-lan.played.json',
    'record test/kernel/labs/forward -o played',
  ])
    .option('-o, --out <path>', 'where to write; stdout unless given (one lab only)')
    .action(async (path: string, options) => {
      finish(await (await import('./record-command.ts')).recordCommand(path, options))
    })
  verb('verify <path...>', 'play recorded labs and judge the outcome against the record of the real kernel', [
    'verify test/kernel/labs/forward',
    'verify test/kernel/labs/forward/dr-lan.json --json',
  ])
    .option('--json', 'print one JSON document')
    .option('--family <name>', 'only labs of this family')
    .action(async (paths: string[], options) => {
      finish(await (await import('./verify-command.ts')).verifyCommand(paths, options))
    })
}

function addBench(program: Command, finish: Finish): void {
  const bench = program.command('bench').description('measure lvsim on this machine').exitOverride()
  addBenchEngine(bench, finish)
  addBenchTable(bench, finish)
}

function addBenchEngine(bench: Command, finish: Finish): void {
  const examples = [
    'bench engine --requests 100000',
    'bench engine --servers 100 --requests 100000 --rounds 1 --json',
    'bench engine --traffic tcp --network switched --forward nat --requests 2000',
    'bench engine --forward dr --flows 10000 --requests 20000 --rounds 2',
    'bench engine --traffic hold --forward dr --requests 5000 --rounds 2',
  ]
  bench
    .command('engine')
    .description('packet-hops per CPU second: clients, a router and servers that answer')
    .exitOverride()
    .option('--traffic <kind>', 'udp: datagrams that are echoed; tcp: short connections; hold: connections that stay', 'udp')
    .option('--network <kind>', 'ptp: links of two ends; switched: Ethernet, a switch on either side of the router', 'ptp')
    .option('--forward <way>', 'route: to servers that clients know; nat, dr, tun: through a director of LVS', 'route')
    .option('--servers <count>', 'servers', '10')
    .option('--requests <count>', 'datagrams, connections, or those that stay (default: 2000000, 50000, 100000)')
    .option('--flows <count>', 'of udp through a director: client addresses and ports, its entries (default: 480000)')
    .option('--rounds <count>', 'repetitions, the first not counted but with 1', '4')
    .option('--json', 'print one JSON document')
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ lvsim ${line}`).join('\n')}`)
    .action(async (options) => finish(await (await import('./bench-command.ts')).benchEngineCommand(options)))
}

function addBenchTable(bench: Command, finish: Finish): void {
  const examples = [
    'bench table --connections 50000 --rounds 2',
    'bench table --connections 20000 --mode nat --distribution zipf --rounds 2 --against resizable',
    'bench table --connections 50000 --growing --against slots-batch --rounds 2 --json',
    'bench table --connections 20000 --churn 0.1 --against classic --rounds 2 --pcap scenarios/captures/director.pcap',
  ]
  bench
    .command('table')
    .description('lookups in the connection table, against the layouts of the kernel and a Map of texts, turn by turn')
    .exitOverride()
    .option('--connections <count>', 'connections in the table', '1000000')
    .option('--hit-rate <share>', 'share of lookups that find something', '1')
    .option('--distribution <name>', 'which connections are looked up: uniform, or zipf (few of them mostly)', 'uniform')
    .option('--churn <share>', 'share of operations that replace the oldest connection by a new one', '0')
    .option('--mode <mode>', 'dr, or nat: two places for each connection, and every second lookup a reply', 'dr')
    .option('--load <share>', 'slots: greatest share in use', '0.25')
    .option('--growing', 'slots: look up while entries are being moved to a larger index')
    .option('--tab-bits <bits>', 'classic has 2^bits buckets, resizable at most so many', '12')
    .option('--against <names>', 'of slots-batch, classic, resizable, map; or none', 'slots-batch,classic,map')
    .option('--pcap <file>', 'take clients and services from a capture')
    .option('--rounds <count>', 'rounds that count, after one that does not', '5')
    .option('--seed <number>', 'of the keys and of the hash', '42')
    .option('--json', 'print one JSON document')
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  $ lvsim ${line}`).join('\n')}`)
    .action(async (options) => finish(await (await import('./bench-table-command.ts')).benchTableCommand(options)))
}

function withRunOptions(command: Command): Command {
  return command
    .option('--seed <seed>', 'instead of that of the file')
    .option('--json', 'print one JSON document')
    .addOption(new Option('--jsonl', 'print one JSON document a line').conflicts('json'))
    .option('--trace', 'print every frame, as tcpdump does')
    .addOption(schedulerOption())
    .option('--pcap <folder>', 'write a capture of each nic (pcapng); mergecap joins them')
    .option('--quiet', 'no progress, and only what failed')
}

function schedulerOption(): Option {
  return new Option('--scheduler <file>', 'a module that exports schedulers of your own, run as your own program; repeatable')
    .argParser((path: string, before: readonly string[] = []) => [...before, path])
}
